from typing import Any

import gymnasium
import numpy as np
import pytest
import sample_data
import segments
import tensorflow as tf

from mgail_tf.networks.build import (
    Encoders,
    make_discriminator,
    make_forward_model,
    make_policy,
)
from mgail_tf.networks.encoding import action_encoder
from mgail_tf.networks.policy import CategoricalPolicy

OBSERVATION, NUM_ACTIONS, BATCH = 4, 3, 6


def make_prediction(actions, per_action):
    model = make_forward_model("basic", OBSERVATION, actions, 20, outputs_per_action=per_action)

    def predict(observation, action):
        return model(observation, action, model.initial_memory(BATCH))[0]

    return model, predict


def make_judgement(actions, per_action):
    model = make_discriminator(actions, (20, 10), outputs_per_action=per_action)
    return model, model


@pytest.mark.parametrize("make", [make_judgement, make_prediction])
@pytest.mark.parametrize("per_action", [True, False])
def test_derivative_by_a_discrete_action_is_what_another_one_changes(make, per_action, float64):
    actions = action_encoder(gymnasium.spaces.Discrete(NUM_ACTIONS))
    model, network = make(actions, per_action)
    rng = np.random.default_rng(0)
    observation = tf.constant(rng.normal(size=(BATCH, OBSERVATION)))
    one_hot = np.eye(NUM_ACTIONS)
    chosen = tf.constant(one_hot[rng.integers(NUM_ACTIONS, size=BATCH)])
    network(observation, chosen)
    model.set_weights([rng.normal(scale=0.3, size=w.shape) for w in model.get_weights()])
    with tf.GradientTape() as tape:
        tape.watch(chosen)
        outputs = network(observation, chosen)
    slopes = tape.batch_jacobian(outputs, chosen)
    errors = []
    for other in one_hot:
        others = tf.constant(np.tile(other, (BATCH, 1)))
        change = network(observation, others) - outputs
        errors.append(change - tf.linalg.matvec(slopes, others - chosen))
        assert np.abs(change).max() > 0.1
    assert (np.abs(errors).max() < 1e-10) == per_action


def test_a_policy_has_neither_noise_nor_a_learned_deviation_unless_it_is_asked_for():
    actions = action_encoder(gymnasium.spaces.Box(-1.0, 0.5, (2,)))
    policy = make_policy(actions, (5,))
    observation = np.random.default_rng(1).normal(scale=3.0, size=(50, 3)).astype(np.float32)
    distribution: Any = policy(observation)
    np.testing.assert_array_equal(distribution.stddev(), np.zeros([50, 2]))
    # Its actions are within the environment's bounds, and some of them at these.
    acted = policy.sample(observation, np.ones([50, 2], np.float32)).numpy()
    np.testing.assert_allclose(acted, np.clip(distribution.mean(), -1.0, 0.5), rtol=1e-6)
    assert acted.min() == -1.0 and acted.max() == 0.5
    noisy: Any = make_policy(actions, (5,), noise_stddev=0.3, learn_noise=True)
    assert len(np.unique(noisy(observation).stddev())) > 50


def test_the_policy_of_discrete_actions_has_a_temperature():
    actions = action_encoder(gymnasium.spaces.Discrete(3))
    for policy, temperature in (
        (make_policy(actions, (5,)), 1.0),
        (make_policy(actions, (5,), temperature=0.3), 0.3),
    ):
        assert isinstance(policy, CategoricalPolicy) and policy.temperature == temperature


def test_whole_numbered_actions_are_rounded_by_the_policy():
    actions = action_encoder(gymnasium.spaces.Box(-2, 3, (1,), np.int64))
    policy = make_policy(actions, (5,), noise_stddev=2.0)
    observation = np.zeros([200, 3], np.float32)
    noise = np.random.default_rng(2).normal(size=(200, 1)).astype(np.float32)
    acted = policy.sample(observation, noise)
    np.testing.assert_array_equal(np.unique(acted), [-2, -1, 0, 1, 2, 3])


def test_encoders_normalise_by_the_statistics_of_demonstrations():
    demonstrated = sample_data.draw(50)
    space = gymnasium.spaces.Box(-9.0, 9.0, (2,))
    encoders = Encoders.of(demonstrated.observations, demonstrated.actions, space, 1.5)
    segment = segments.draw_segment(4, 2)
    raw = segment._replace(ended=np.ones([4, 2], bool), terminated=np.zeros([4, 2], bool))
    encoded = encoders.encode(raw)

    def normalise(values, reference):
        return (np.asarray(values) - reference.mean(0)) / reference.std(0)

    for name in "observation", "next_observation":
        expected = normalise(getattr(segment, name), demonstrated.observations)
        assert np.abs(expected).max() > 1.5
        expected = np.clip(expected, -1.5, 1.5)
        np.testing.assert_allclose(getattr(encoded, name), expected, rtol=1e-4, atol=1e-5)
    expected = normalise(segment.action, demonstrated.actions)
    np.testing.assert_allclose(encoded.action, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(encoded.noise, segment.noise)
    for values, expected in (encoded.ended, 1.0), (encoded.terminated, 0.0):
        assert values.dtype == tf.float32
        np.testing.assert_array_equal(values, np.full([4, 2], expected))
