import gymnasium
import numpy as np
import pytest
import segments
import tensorflow as tf

from mgail_tf.algorithms.mgail_options import MGAILOptions, Updates
from mgail_tf.algorithms.segments import SegmentSampler
from mgail_tf.data.replay import Replay
from mgail_tf.networks.build import make_policy
from mgail_tf.networks.encoding import action_encoder

OBSERVATION, ACTION, BATCH, LENGTH = 3, 2, 40, 4
AGENT_STEPS, NUM_ENVS, EXPERT_STEPS = 20, 3, 50
# The first number of a demonstrated observation is at least 100, of the agent's below it.
EXPERT_PLACE = 200.0


def fill(steps, num_envs, place, seed):
    replay = Replay(steps, num_envs, OBSERVATION, ACTION)
    segment = segments.draw_segment(steps, num_envs, OBSERVATION, ACTION, seed=seed)
    observation = segment.observation + tf.constant([place, 0.0, 0.0])
    segment = segment._replace(observation=observation)
    replay.push(segment)
    return replay, segment


class Drawing:
    """A sampler, what it draws from, and the policy.

    Attributes:
      agent, expert: the `Segment` [steps, num_envs, ...] that each buffer holds.
    """

    def __init__(self, noise_stddev=0.3, **options):
        actions = action_encoder(gymnasium.spaces.Box(-9.0, 9.0, (ACTION,)))
        self.policy = make_policy(actions, (8,), noise_stddev=noise_stddev)
        replay, self.agent = fill(AGENT_STEPS, NUM_ENVS, 0.0, seed=1)
        demonstrated, self.expert = fill(EXPERT_STEPS, 1, EXPERT_PLACE, seed=2)
        generator = tf.random.Generator.from_seed(3)
        self.sampler = SegmentSampler(
            replay, demonstrated, self.policy, MGAILOptions(updates=Updates(**options)), generator
        )


def at_expert(observations):
    return np.asarray(observations)[..., 0] >= 0.5 * EXPERT_PLACE


def find(segment, observations):
    """Where in a stored segment these observations [batch, size] are: their recorded fields."""
    stored = segment.observation.numpy().reshape(-1, OBSERVATION)
    distances = np.abs(stored - np.asarray(observations)[:, None]).max(-1)
    assert (distances.min(-1) == 0.0).all()
    places = distances.argmin(-1)
    return [field.numpy().reshape(len(stored), -1)[places] for field in segment]


def test_a_fraction_of_the_segments_starts_where_the_expert_has_been():
    drawing = Drawing(demonstrated_fraction=0.25)
    segment = drawing.sampler.segments(BATCH, LENGTH)
    assert segment.observation.shape == (LENGTH, BATCH, OBSERVATION)
    demonstrated = at_expert(segment.observation[0])
    np.testing.assert_array_equal(demonstrated, np.arange(BATCH) >= 0.75 * BATCH)
    for step in range(LENGTH):
        for source, chosen in (drawing.agent, ~demonstrated), (drawing.expert, demonstrated):
            fields = [values.numpy()[step, chosen] for values in segment]
            recorded = find(source, fields[0])
            for index, (values, expected) in enumerate(zip(fields, recorded, strict=True)):
                if index != 2 or source is drawing.agent:  # The noise.
                    np.testing.assert_array_equal(values.reshape(expected.shape), expected)
    # The expert's noise is not known; the agent's is drawn each time.
    noise = segment.noise.numpy()[:, demonstrated]
    # 80 standard normal numbers: beyond these bounds with a probability below 1e-6.
    assert 0.6 < noise.std() < 1.4
    again = drawing.sampler.segments(BATCH, LENGTH)
    assert not np.isin(again.noise.numpy()[:, demonstrated], noise).any()


def test_discriminator_sees_what_the_agent_does_where_the_expert_has_been():
    drawing = Drawing(noise_stddev=0.0, demonstrated_fraction=0.25)
    expert, agent = drawing.sampler.pairs(BATCH)
    for observations, actions in expert, agent:
        assert observations.shape == (BATCH, OBSERVATION) and actions.shape == (BATCH, ACTION)
    assert at_expert(expert[0]).all()
    np.testing.assert_array_equal(expert[1], find(drawing.expert, expert[0])[1])
    demonstrated = at_expert(agent[0])
    assert demonstrated.sum() == BATCH / 4
    # Without noise, the agent's action is its policy's mean.
    observations, actions = agent[0].numpy(), agent[1].numpy()
    chosen = drawing.policy.mode(observations).numpy()
    np.testing.assert_allclose(actions[demonstrated], chosen[demonstrated], rtol=1e-5)
    recorded = find(drawing.agent, observations[~demonstrated])[1]
    np.testing.assert_array_equal(actions[~demonstrated], recorded)
    assert np.abs(recorded - chosen[~demonstrated]).min(-1).max() > 0.1


@pytest.mark.parametrize("fraction", [0.0, 0.25])
def test_discriminator_may_see_what_the_agent_does_now_everywhere(fraction):
    drawing = Drawing(resample_actions=True, demonstrated_fraction=fraction)
    _, (observations, actions) = drawing.sampler.pairs(BATCH)
    demonstrated = at_expert(observations)
    assert demonstrated.sum() == fraction * BATCH
    replayed = observations.numpy()[~demonstrated]
    noise = find(drawing.agent, replayed)[2]
    chosen = drawing.policy.sample(replayed, noise)
    np.testing.assert_allclose(actions.numpy()[~demonstrated], chosen, rtol=1e-4, atol=1e-6)


def test_current_actions_are_taken_with_the_recorded_noise():
    drawing = Drawing()
    segment = segments.draw_segment(LENGTH, BATCH, OBSERVATION, ACTION, seed=4)
    changed = drawing.sampler.with_current_actions(segment, 30)
    chosen = drawing.policy.sample(segment.observation, segment.noise).numpy()
    np.testing.assert_allclose(changed.action.numpy()[:, 30:], chosen[:, 30:], rtol=1e-5)
    np.testing.assert_array_equal(changed.action[:, :30], segment.action[:, :30])
    for name in segment._fields:
        if name != "action":
            np.testing.assert_array_equal(getattr(changed, name), getattr(segment, name))


def test_without_a_demonstrated_fraction_all_is_the_agents():
    drawing = Drawing(demonstrated_fraction=0.0)
    assert not at_expert(drawing.sampler.segments(BATCH, LENGTH).observation).any()
    _, (observations, actions) = drawing.sampler.pairs(BATCH)
    np.testing.assert_array_equal(actions, find(drawing.agent, observations)[1])


def test_the_newest_steps_are_the_agents():
    drawing = Drawing(demonstrated_fraction=0.5)
    segment = drawing.sampler.segments(400, 1, newest=2)
    demonstrated = at_expert(segment.observation[0])
    assert demonstrated.sum() == 200
    replayed = np.unique(segment.observation.numpy()[0, ~demonstrated], axis=0)
    newest = drawing.agent.observation.numpy()[-2:].reshape(-1, OBSERVATION)
    # Each of the 6 is left out of 200 draws with a probability of 2e-16.
    np.testing.assert_array_equal(replayed, np.unique(newest, axis=0))
    # Of the demonstrations, however few are the newest, all are drawn.
    assert len(np.unique(segment.observation.numpy()[0, demonstrated], axis=0)) > 40
