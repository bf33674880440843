import gymnasium
import numpy as np
import pytest
import sample_data
import segments
import tensorflow as tf

from mgail_tf.data.replay import Replay, Segment
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder

CAPACITY, BLOCK, NUM_ENVS, SAMPLES = 12, 4, 3, 6000


def transitions(time, env):
    """What each environment does at each time: every number tells where it came from."""
    time, env = np.broadcast_arrays(time, env)
    code = 100.0 * env + time
    ended = ((time + env) % 5 == 4).astype(float)
    return Segment(
        observation=np.stack([env, time], -1).astype(float),
        action=np.stack([code, code + 0.25, code + 0.5], -1),
        noise=-np.stack([code, code + 0.25, code + 0.5], -1),
        next_observation=np.stack([env, time + 1], -1).astype(float),
        terminated=ended * (env == 1),
        ended=ended,
    )


def fill(blocks):
    replay = Replay(CAPACITY, NUM_ENVS, observation_size=2, action_size=3)
    for block in range(blocks):
        time = BLOCK * block + np.arange(BLOCK)[:, None]
        replay.push(segments.constant(*transitions(time, np.arange(NUM_ENVS))))
    return replay


def check_segments(segment, length, first, last):
    """Consecutive steps of one environment, beginning in each of first, ..., last equally often."""
    env, time = np.moveaxis(segment.observation.numpy(), -1, 0)
    expected = transitions(time[0] + np.arange(length)[:, None], env[0])
    for values, expected_values in zip(segment, expected, strict=True):
        np.testing.assert_array_equal(values, expected_values)
    starts, counts = np.unique(np.stack([env[0], time[0]]), axis=1, return_counts=True)
    every = np.indices((NUM_ENVS, last - first + 1)).reshape(2, -1) + [[0], [first]]
    np.testing.assert_array_equal(starts, every)
    expected_count = SAMPLES / every.shape[1]
    assert np.all(np.abs(counts - expected_count) < 5.0 * np.sqrt(expected_count))


@pytest.mark.parametrize("length", [1, 3, BLOCK + 1])
# Not yet full; just full; its write position at the ring's start, middle, and end, laps later.
@pytest.mark.parametrize("blocks", [2, 3, 4, 5, 6, 10])
def test_segments_are_consecutive_steps_of_one_environment(blocks, length):
    segment = fill(blocks).sample(SAMPLES, length, seed=(1, 2))
    pushed = BLOCK * blocks
    check_segments(segment, length, max(pushed - CAPACITY, 0), pushed - length)


@pytest.mark.parametrize("newest", [5, BLOCK, 100])
@pytest.mark.parametrize("blocks", [2, 4, 5])
def test_newest(blocks, newest):
    segment = fill(blocks).sample(SAMPLES, 3, seed=(1, 2), newest=newest)
    pushed = BLOCK * blocks
    check_segments(segment, 3, max(pushed - min(newest, CAPACITY), 0), pushed - 3)


def test_same_seed_same_sample():
    replay = fill(5)
    first, again, other = (replay.sample(20, 3, seed=(1, last)) for last in (2, 2, 3))
    np.testing.assert_array_equal(first.action, again.action)
    assert np.any(first.action != other.action)


def test_samples_within_a_function_follow_the_pushes():
    replay = fill(2)
    sample = tf.function(lambda: replay.sample(SAMPLES, 3, seed=(1, 2)))
    check_segments(sample(), 3, 0, 2 * BLOCK - 3)
    time = 2 * BLOCK + np.arange(BLOCK)[:, None]
    replay.push(segments.constant(*transitions(time, np.arange(NUM_ENVS))))
    check_segments(sample(), 3, 0, 3 * BLOCK - 3)
    assert sample().observation.shape == (3, SAMPLES, 2)


@pytest.mark.parametrize("blocks", [2, 5])
def test_termination_rate(blocks):
    replay = fill(blocks)
    stored = np.arange(max(BLOCK * blocks - CAPACITY, 0), BLOCK * blocks)
    terminated = transitions(stored[:, None], np.arange(NUM_ENVS)).terminated
    np.testing.assert_allclose(replay.termination_rate(), np.mean(terminated), rtol=1e-6)


ENDED = np.array([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 1]], np.float32)


def segment_of(ended):
    return segments.draw_segment(*ended.shape)._replace(ended=tf.constant(ended))


def test_alive_up_to_the_first_end():
    alive = [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]]
    segment = segment_of(ENDED)
    np.testing.assert_array_equal(segment.alive, alive)
    np.testing.assert_array_equal(segment.counted(restart=False), alive)


def test_with_restarts_every_step_counts():
    np.testing.assert_array_equal(segment_of(ENDED).counted(restart=True), np.ones([4, 4]))


def test_steps_are_counted_from_the_start_or_with_restarts_from_an_end():
    segment = segment_of(ENDED)
    steps = np.tile(np.arange(4)[:, None], 4)
    np.testing.assert_array_equal(segment.steps_since_start(restart=False), steps)
    expected = [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 0], [3, 3, 0, 1]]
    np.testing.assert_array_equal(segment.steps_since_start(restart=True), expected)


def encoders():
    return Encoders(
        ObservationEncoder(np.full(3, 0.5), np.full(3, 2.0), 10.0),
        action_encoder(gymnasium.spaces.Box(-9.0, 9.0, (2,)), 0.1, 0.5),
    )


def test_pairs_are_all_that_is_stored():
    demonstrated = sample_data.draw(7)
    observations, actions = Replay.of(demonstrated, encoders(), 1).pairs()
    expected = (demonstrated.observations - 0.5) / 2.0
    np.testing.assert_allclose(observations, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(actions, (demonstrated.actions - 0.1) / 0.5, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("pairs", "length", "stored"), [(7, 7, 7), (7, 8, 14), (2, 5, 6), (1, 3, 3)]
)
def test_a_buffer_of_demonstrations_is_as_long_as_its_segments(pairs, length, stored):
    demonstrated = sample_data.draw(pairs)
    demonstrated.terminated[-1] = True
    replay = Replay.of(demonstrated, encoders(), length)
    assert (replay.capacity, replay.num_envs) == (stored, 1)
    # Where they are repeated, the end of the trajectory stays marked.
    np.testing.assert_allclose(replay.termination_rate(), 1.0 / pairs, rtol=1e-6)
    segment = replay.sample(500, length, [0, 0])
    observations = segment.observation.numpy() * 2.0 + 0.5
    number = np.abs(observations[:, :, None] - demonstrated.observations).max(-1).argmin(-1)
    np.testing.assert_array_equal(number, (number[0] + np.arange(length)[:, None]) % pairs)
    np.testing.assert_array_equal(segment.ended, number == pairs - 1)
    np.testing.assert_array_equal(segment.terminated, number == pairs - 1)
    np.testing.assert_array_equal(segment.noise, np.zeros([length, 500, 2]))
    following = (demonstrated.next_observations[number] - 0.5) / 2.0
    np.testing.assert_allclose(segment.next_observation, following, rtol=1e-5, atol=1e-6)
