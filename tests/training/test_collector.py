import misbehaving
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.data.replay import Segment
from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.training.collector import NoCollector, ParallelCollector, fill_gaps

NUM_ENVS, SEED = 3, 7


def make():
    environments = ParallelEnvironments("Pendulum-v1", NUM_ENVS, 0, lambda env: CutEpisodes(env, 5))
    return ParallelCollector(environments, SEED)


def act(observation, seed):
    """Actions and noise that tell what they were asked with."""
    noise = np.random.default_rng(seed).normal(size=(len(observation), 2))
    action = 0.1 * observation[:, :1] + 0.01 * seed[1]
    return tf.constant(action, tf.float32), tf.constant(noise, tf.float32)


def test_a_segment_is_what_happened_step_by_step():
    collector, twin = make(), make().environments
    for block in range(3):
        segment = collector.collect(act, 4)
        assert segment.observation.shape == (4, NUM_ENVS, 3)
        for step in range(4):
            seed = np.array([SEED, 4 * block + step])
            observation = twin.observation
            action, noise = act(observation, seed)
            next_observation, terminated, ended, _ = twin.step(action.numpy())
            for name, expected in (
                ("observation", observation),
                ("action", action),
                ("noise", noise),
                ("next_observation", next_observation),
                ("terminated", terminated),
                ("ended", ended),
            ):
                np.testing.assert_array_equal(getattr(segment, name)[step], expected, name)
        assert collector.steps == 4 * NUM_ENVS * (block + 1)
    # Episodes did end, so that the next step's observation is not where the last one led.
    assert twin.serialize() == collector.environments.serialize()
    assert max(collector.environments.position.episode) > 0


def test_the_noise_does_not_depend_on_where_a_run_was_resumed(tmp_path):
    collector = make()
    collector.collect(act, 5)
    file = tf.train.Checkpoint(collector=collector).save(str(tmp_path / "checkpoint"))
    expected = collector.collect(act, 5)
    resumed = make()
    tf.train.Checkpoint(collector=resumed).restore(file).assert_consumed()
    assert resumed.steps == 5 * NUM_ENVS
    for values, expected_values in zip(resumed.collect(act, 5), expected, strict=True):
        np.testing.assert_array_equal(values, expected_values)


def test_where_nothing_is_collected_no_step_is_counted():
    assert NoCollector().steps == 0


def test_steps_that_lead_nowhere_do_not_enter_the_data():
    # Its episodes of 12 steps are cut in the ninth step of every third one, its 33rd step.
    collector = ParallelCollector(ParallelEnvironments("misbehaving:NaN-v0", 1, 0), SEED)
    segments = [collector.collect(act, 8) for _ in range(4)]
    assert not collector.cut.any() and collector.non_finite_steps == 0
    segment = collector.collect(act, 8)
    # The first one of a segment: so the last step before it ended the episode.
    assert collector.cut.all() and collector.non_finite_steps == 1 and collector.steps == 40
    assert not segments[-1].ended[-1]
    for values in segment:
        np.testing.assert_array_equal(values[0], values[1] if values is not segment.ended else True)
    assert segment.ended[0] and not segment.ended[1:].any() and not segment.terminated.any()
    # And the episode after it has 12 steps again.
    ends = np.concatenate([collector.collect(act, 8).ended for _ in range(2)])
    assert not collector.cut.any()
    assert np.flatnonzero(ends[:, 0])[0] == 12 - 7 - 1


def test_gaps_are_filled_with_steps_that_happened():
    shape, rng = (4, 2), np.random.default_rng(0)
    segment = Segment(*(rng.normal(size=(*shape, 3)) for _ in range(4)), *np.zeros([2, *shape]))
    finite = np.array([[True, False], [True, False], [False, False], [True, False]])
    filled = Segment(*(values.copy() for values in segment))
    fill_gaps(filled, finite)
    for before, after in zip(segment[:4], filled[:4], strict=True):
        np.testing.assert_array_equal(after[[0, 1, 3], 0], before[[0, 1, 3], 0])
        np.testing.assert_array_equal(after[2, 0], before[0, 0])
        for step in range(4):  # Of this environment there is none.
            np.testing.assert_array_equal(after[step, 1], before[0, 0])
    np.testing.assert_array_equal(filled.ended[:, 0], [0, 1, 1, 0])
    assert filled.ended[:, 1].all()


def test_a_segment_in_which_nothing_happened_is_collected_anew():
    collector = ParallelCollector(ParallelEnvironments("misbehaving:NaN-v0", 1, 0), SEED)
    observations = [collector.collect(act, 1).observation for _ in range(34)]
    assert collector.steps == 35 and collector.non_finite_steps == 1
    assert collector.cut.sum() == 0 and np.isfinite(observations).all()


def test_after_an_error_the_environments_are_where_they_were():
    class Lost(Exception):
        pass

    def lose(observation, seed):
        if seed[1] == 6:
            raise Lost
        return act(observation, seed)

    collector, twin = make(), make()
    for one in collector, twin:
        one.collect(act, 4)
    with pytest.raises(Lost):
        collector.collect(lose, 4)
    assert collector.steps == 12
    for one, other in zip(collector.collect(act, 4), twin.collect(act, 4), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("num_envs", [1, 2])
def test_a_single_environment_makes_room(num_envs: int):
    before = misbehaving.Good.open_now
    collector = ParallelCollector(ParallelEnvironments("misbehaving:Good-v0", num_envs, 0), SEED)
    collector.collect(act, 3)
    collector.pause()
    assert misbehaving.Good.open_now - before == (0 if num_envs == 1 else 2)
    segment = collector.collect(act, 3)
    assert collector.cut.all() == (num_envs == 1)
    assert collector.environments.position.episode == [2 - num_envs] * num_envs
    assert segment.observation.shape == (3, num_envs, 2)
    collector.collect(act, 3)
    assert not collector.cut.any()
    collector.close()
    assert misbehaving.Good.open_now == before
