"""The policy unrolled through the forward model: Eq. 11."""

import numpy as np
from objectives import (
    ACTION,
    FORWARD_MODELS,
    LENGTH,
    NEVER,
    OBSERVATION,
    POLICIES,
    RESTARTS,
    build_anew,
    draw_segment,
)
import pytest
import segments
import tensorflow as tf

from mgail_tf.algorithms.objective import unroll


@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS.keys())
def test_states_are_the_real_ones_bit_for_bit(restart):
    policy, forward_model = POLICIES["gaussian"](), FORWARD_MODELS["advanced"][0]()
    ends = [NEVER] * 50 + [{3: False, 6: True}] * 10 * restart
    segment = draw_segment(policy, ends, np.float32, length=10)
    rollout = unroll(policy, forward_model, segment, history=1, restart=restart)
    np.testing.assert_array_equal(rollout.observations, segment.observation)
    np.testing.assert_array_equal(rollout.next_observations, segment.next_observation)


def test_states_move_as_the_forward_model_predicts(float64):
    (policy, _, forward_model, _), _ = build_anew("learned stddev")
    segment = draw_segment(policy, [NEVER] * 3)

    def predict(corrections):
        """Follows the forward model, beginning in the real first state, and adds `corrections`."""
        states, errors = [segment.observation[0]], []
        memory = forward_model.initial_memory(3)
        for step in range(LENGTH):
            action = policy.sample(states[-1], segment.noise[step])
            prediction, memory = forward_model(states[-1], action, memory)
            errors.append(segment.next_observation[step] - prediction)
            states.append(prediction + (errors if corrections is None else corrections)[step])
        return tf.stack(states), errors

    def find_states(rollout):
        """The first state, and where each step leads."""
        return tf.concat([rollout.observations[:1], rollout.next_observations], 0)

    _, corrections = predict(None)
    rng = np.random.default_rng(3)
    projection = rng.normal(size=(LENGTH + 1, 3, OBSERVATION))
    with tf.GradientTape() as tape:
        states = find_states(unroll(policy, forward_model, segment))
        projected = tf.reduce_sum(states * projection)
    gradient = tape.gradient(projected, policy.trainable_variables)

    weights = [weight.numpy() for weight in policy.trainable_variables]
    direction = [rng.normal(size=weight.shape) for weight in weights]

    def move(shift):
        for variable, w, d in zip(policy.trainable_variables, weights, direction, strict=True):
            variable.assign(w + shift * d)

    def projected_at(shift):
        move(shift)
        return np.sum(predict(corrections)[0].numpy() * projection)

    slope = (projected_at(1e-6) - projected_at(-1e-6)) / 2e-6
    computed = sum(np.sum(g * d) for g, d in zip(gradient, direction, strict=True))
    np.testing.assert_allclose(computed, slope, rtol=1e-6)
    assert abs(slope) > 1e-2

    move(0.5)
    moved = unroll(policy, forward_model, segment)
    states = find_states(moved)
    np.testing.assert_allclose(states, predict(corrections)[0], rtol=1e-10)
    # Each step begins where the one before it led.
    np.testing.assert_array_equal(moved.observations, states[:-1])
    assert np.abs(states[-1] - segment.next_observation[-1]).max() > 0.1


@pytest.mark.parametrize("name", POLICIES)
def test_actions_are_those_that_acted(name):
    policy, forward_model = POLICIES[name](), FORWARD_MODELS["advanced"][0]()
    length, num_envs = 10, 8
    rng = np.random.default_rng(4)
    noise = policy.noise.sample([length, num_envs, ACTION], seed=4)
    states = [rng.normal(size=(num_envs, OBSERVATION)).astype(np.float32)]
    actions = []
    for step in range(length):
        actions.append(policy.sample(states[-1], noise[step]).numpy())
        push = actions[-1] @ np.ones((ACTION, OBSERVATION), np.float32)
        surprise = rng.normal(size=push.shape).astype(np.float32)
        states.append(np.tanh(states[-1] + push + surprise))
    states, zeros = np.array(states), np.zeros([length, num_envs], np.float32)
    segment = segments.constant(states[:-1], np.array(actions), noise, states[1:], zeros, zeros)
    rollout = unroll(policy, forward_model, segment)
    np.testing.assert_array_equal(rollout.actions, segment.action)
