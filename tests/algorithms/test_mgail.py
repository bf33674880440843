import gymnasium
import keras
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.algorithms.mgail import MGAIL
from mgail_tf.data.replay import Replay, Segment
from mgail_tf.networks.encoding import action_encoder

OBSERVATION, ACTION, BATCH, LENGTH = 3, 2, 40, 4
AGENT_PLACE, EXPERT_PLACE = 0.0, 5.0


def transitions(place, shape):
    rng = np.random.default_rng(int(place))
    observation, following = place + rng.random((2, *shape, OBSERVATION))
    action, noise = rng.normal(size=(2, *shape, ACTION))
    zeros = np.zeros(shape)
    fields = observation, action, noise, following, zeros, zeros
    return Segment(*(tf.constant(values, tf.float32) for values in fields))


def make_learner(**settings):
    config = configs.make("Hopper", **settings)
    actions = action_encoder(gymnasium.spaces.Box(-9.0, 9.0, (ACTION,)))
    return MGAIL(config, actions, OBSERVATION, 0.01, total_rounds=10)


@pytest.fixture
def learner():
    return make_learner(demonstrated_share=0.25)


@pytest.fixture
def replays():
    """The agent's experience and the demonstrations."""
    shapes = {AGENT_PLACE: (20, 3), EXPERT_PLACE: (50, 1)}
    replays = [Replay(*shape, OBSERVATION, ACTION) for shape in shapes.values()]
    for replay, (place, shape) in zip(replays, shapes.items(), strict=True):
        replay.push(transitions(place, shape))
    return replays


def at_expert(segment):
    return segment.observation.numpy()[0, :, 0] >= EXPERT_PLACE


def test_a_share_of_the_segments_starts_where_the_expert_has_been(learner, replays):
    segment = learner._sample(*replays, BATCH, LENGTH)
    assert segment.observation.shape == (LENGTH, BATCH, OBSERVATION)
    there = at_expert(segment)
    assert there.sum() == BATCH / 4
    demonstrated = replays[1].sample(1000, 1, [0, 0]).action.numpy().reshape(-1, ACTION)
    for action in segment.action.numpy()[:, there].reshape(-1, ACTION):
        assert (np.abs(demonstrated - action).max(-1) == 0.0).any()
    # The expert's noise is not known; the agent's is drawn each time.
    assert segment.noise.numpy()[:, there].std() > 0.5
    again = learner._sample(*replays, BATCH, LENGTH)
    assert not np.isin(again.noise.numpy()[:, there], segment.noise.numpy()[:, there]).any()


def test_discriminator_sees_what_the_agent_does_where_the_expert_has_been(learner, replays):
    drawn = learner._sample(*replays, BATCH, 1)
    segment = learner._act_anew(drawn)
    there = at_expert(segment)
    chosen = learner.policy.sample(segment.observation, segment.noise).numpy()
    np.testing.assert_allclose(segment.action.numpy()[:, there], chosen[:, there], rtol=1e-5)
    assert np.abs(segment.action.numpy() - chosen)[:, ~there].min(-1).max() > 0.1
    recorded = drawn.action.numpy()
    np.testing.assert_array_equal(segment.action.numpy()[:, ~there], recorded[:, ~there])


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_discriminator_may_see_what_the_agent_does_now_everywhere(share, replays):
    learner = make_learner(act_anew=True, demonstrated_share=share)
    segment = learner._act_anew(learner._sample(*replays, BATCH, 1))
    chosen = learner.policy.sample(segment.observation, segment.noise).numpy()
    np.testing.assert_allclose(segment.action.numpy(), chosen, rtol=1e-5)


def test_without_demonstrated_share_all_is_the_agents(replays):
    learner = make_learner(preset="paper")
    segment = learner._sample(*replays, BATCH, LENGTH)
    assert not at_expert(segment).any()
    np.testing.assert_array_equal(learner._act_anew(segment).action, segment.action)


def test_bound_on_the_message_is_of_the_unscaled_cost(replays):
    norms = {}
    for scale, limit in (1.0, 0.1), (0.01, 0.1), (0.01, 10.0):
        keras.utils.set_random_seed(0)
        learner = make_learner(policy_cost_scale=scale, message_limit=limit)
        segment = learner._sample(*replays, BATCH, LENGTH)
        norms[scale, limit] = learner.update_policy(segment, 7.0)["policy/gradient_norm"].numpy()
    assert norms[0.01, 0.1] == pytest.approx(0.01 * norms[1.0, 0.1], rel=1e-3)
    assert norms[0.01, 0.1] < 0.9 * norms[0.01, 10.0]


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_averaged_policy_reaches_back_a_share_of_the_updates(share, replays):
    learner = make_learner(average_share=share)
    average = learner.policy.trainable_variables[0].numpy()
    for update in range(1, 6):
        learner.update_policy(learner._sample(*replays, BATCH, LENGTH), 7.0)
        newest = learner.policy.trainable_variables[0].numpy()
        average = average + (newest - average) / (1.0 + share * update)
        np.testing.assert_allclose(
            learner.average_policy.trainable_variables[0], average, atol=1e-6
        )
    assert np.abs(average - newest).max() > 1e-4 or not share


def test_noise_falls_to_its_final_share(replays):
    learner = make_learner(final_noise=0.2, policy_updates=2)
    for round_ in range(1, 11):
        learner.update(*replays, with_policy=round_ != 3)
        updates = round_ - (round_ >= 3)
        share = 1.0 - 0.8 * updates / 10
        for policy in learner.policy, learner.average_policy:
            stddev = policy(tf.zeros([1, OBSERVATION])).stddev()
            np.testing.assert_allclose(stddev, [[0.3 * share] * ACTION], rtol=1e-5)
