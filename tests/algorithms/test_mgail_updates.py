"""One update of each network."""

from typing import Any

import keras
from learners import (
    ACTION,
    COST_OF_TERMINATION,
    LENGTH,
    OBSERVATION,
    copy,
    draw_batch,
    make_mgail,
    record_gradients,
)
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms import mgail
from mgail_tf.algorithms.objective import Rollout, objective, prediction_loss
from mgail_tf.algorithms.returns import value_targets
from mgail_tf.networks.discriminator import EXPERT, classification_loss

pytestmark = pytest.mark.usefixtures("eagerly")

# Where an episode ends in a batch of 4 segments: two steps of the first, and one of the second,
# are behind an end.
ENDS: Any = {"ends": [(0, 0)], "terminations": [(1, 1)]}
ALIVE = np.array([[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1]], np.float32)


def assert_one_step(applied, network, gradients):
    """An optimizer was given these gradients of all weights of a network, once."""
    [(given, variables)] = applied
    assert [id(variable) for variable in variables] == [
        id(variable) for variable in network.trainable_variables
    ]
    for each, expected in zip(given, gradients, strict=True):
        np.testing.assert_allclose(each, expected, rtol=1e-4, atol=1e-6)
    assert global_norm(gradients) > 1e-3


def global_norm(gradients):
    return np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients))


def draw_rollout():
    observations, next_observations = np.random.default_rng(2).normal(
        size=(2, LENGTH, 4, OBSERVATION)
    )
    fields = observations, np.zeros([LENGTH, 4, ACTION]), next_observations
    return Rollout(*(tf.constant(field, tf.float32) for field in fields))


def draw_cost():
    cost = np.random.default_rng(3).uniform(0.1, 2.0, (LENGTH, 4))
    return tf.constant(cost, tf.float32)


@pytest.mark.parametrize("restart", [False, True])
def test_value_takes_a_step_towards_its_targets_at_the_steps_that_count(restart):
    learner = make_mgail(restart_segments=restart, value_decay=0.7)
    value, slow_value = learner.networks.value, learner.networks.slow_value
    # Unlike the value, so that one cannot stand for the other.
    slow_value.set_weights([weight + 0.1 for weight in slow_value.get_weights()])
    slow_before = copy(slow_value.trainable_variables)
    cost, segment, rollout = draw_cost(), draw_batch(**ENDS), draw_rollout()
    weight = np.ones_like(ALIVE) if restart else ALIVE
    targets = value_targets(
        slow_value,
        cost,
        rollout,
        segment,
        discount=0.99,
        decay=0.7,
        cost_of_termination=COST_OF_TERMINATION,
        restart=restart,
    ).numpy()
    with tf.GradientTape() as tape:
        errors = (value.estimates(rollout.observations) - targets[..., None]) ** 2
        loss = tf.reduce_sum(weight[..., None] * errors) / (LENGTH * 4 * 2)
    gradients = tape.gradient(loss, value.trainable_variables)

    applied = record_gradients(learner.optimizers.value)
    metrics = learner.update_value(cost, rollout, segment, COST_OF_TERMINATION)
    assert_one_step(applied, value, gradients)
    mean = np.sum(weight * targets) / np.sum(weight)
    expected = loss, global_norm(gradients), mean, COST_OF_TERMINATION
    names = "loss", "gradient_norm", "mean", "cost_of_termination"
    assert list(metrics) == [f"value/{name}" for name in names]
    np.testing.assert_allclose(list(metrics.values()), expected, rtol=1e-5)
    # By default it keeps 0.98 of itself.
    for slow, old, new in zip(
        slow_value.trainable_variables, slow_before, value.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(slow, 0.98 * old + 0.02 * new.numpy(), atol=1e-6)


def test_value_learns_nothing_from_steps_behind_an_end():
    cost = draw_cost()
    outcomes = []
    for each in cost, tf.where(ALIVE == 1.0, cost, 50.0):
        keras.utils.set_random_seed(0)
        learner = make_mgail()
        arguments = each, draw_rollout(), draw_batch(**ENDS), COST_OF_TERMINATION
        metrics = {name: float(v) for name, v in learner.update_value(*arguments).items()}
        outcomes.append((metrics, copy(learner.networks.value.trainable_variables)))
    (metrics, weights), (dead_metrics, dead_weights) = outcomes
    assert dead_metrics == metrics
    for weight, dead_weight in zip(weights, dead_weights, strict=True):
        np.testing.assert_array_equal(dead_weight, weight)


@pytest.mark.parametrize("use_value", [False, True])
def test_policy_takes_a_step_down_the_objective_and_towards_demonstrated_actions(use_value):
    settings: Any = {"discount": 0.8, "state_gradient_clip": 0.01, "cloning_weight": 0.3}
    learner = make_mgail(use_value=use_value, **settings)
    networks = learner.networks
    networks.slow_value.set_weights([w + 0.1 for w in networks.slow_value.get_weights()])
    applied = record_gradients(learner.optimizers.policy)
    value_before = copy(networks.value.trainable_variables)
    segment, demonstrated = draw_batch(**ENDS), draw_pairs(5)
    with tf.GradientTape() as tape:
        J, _, _ = objective(
            networks.policy,
            networks.discriminator,
            networks.forward_model,
            segment,
            0.8,
            networks.slow_value if use_value else None,
            history=1,
            state_gradient_clip=0.01,
        )
        distance = networks.policy(demonstrated[0]).mean() - demonstrated[1]
        cloning_loss = tf.reduce_sum(distance**2) / 2 / len(distance)
        loss = J + 0.3 * cloning_loss
    gradients = tape.gradient(loss, networks.policy.trainable_variables)
    metrics = learner.update_policy(segment, demonstrated, COST_OF_TERMINATION)
    assert_one_step(applied, networks.policy, gradients)
    np.testing.assert_allclose(metrics["policy/loss"], J, rtol=1e-5)
    np.testing.assert_allclose(metrics["policy/cloning_loss"], cloning_loss, rtol=1e-5)
    np.testing.assert_allclose(metrics["policy/gradient_norm"], global_norm(gradients), rtol=1e-4)
    # The value learns along the same rollout, if there is one.
    assert any(name.startswith("value/") for name in metrics) == use_value
    moved = [
        (new != old).any()
        for new, old in zip(copy(networks.value.trainable_variables), value_before, strict=True)
    ]
    assert any(moved) == use_value


def draw_pairs(seed):
    segment = draw_batch(batch=8, length=1, seed=seed)
    return segment.observation[0], segment.action[0]


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_discriminator_takes_a_step_down_its_loss_and_penalty(weight, monkeypatch):
    learner = make_mgail(gradient_penalty=weight)
    discriminator = learner.networks.discriminator
    rng = np.random.default_rng(8)
    discriminator.set_weights([rng.normal(size=w.shape) for w in discriminator.get_weights()])
    before = copy(discriminator.trainable_variables)
    applied = record_gradients(learner.optimizers.discriminator)
    expert, agent = draw_pairs(5), draw_pairs(6)
    mixtures = []
    actual = mgail.gradient_penalty

    def record(discriminator, expert_pair, agent_pair, mixture):
        assert expert_pair is expert and agent_pair is agent
        mixtures.append(mixture)
        return actual(discriminator, expert_pair, agent_pair, mixture)

    monkeypatch.setattr(mgail, "gradient_penalty", record)
    verdicts = [np.argmax(discriminator(*pair), -1) == EXPERT for pair in (expert, agent)]
    metrics = learner.update_discriminator(expert, agent)
    [mixture] = mixtures
    assert mixture.shape == (8, 1)
    # 8 uniform numbers: within half of the interval with a probability of 0.04.
    assert np.min(mixture) >= 0.0 and np.max(mixture) <= 1.0 and np.ptp(mixture) > 0.3

    for variable, old in zip(discriminator.trainable_variables, before, strict=True):
        variable.assign(old)
    with tf.GradientTape() as tape:
        loss = classification_loss(discriminator(*expert), discriminator(*agent))
        penalty = actual(discriminator, expert, agent, mixture)
        total = loss + weight * penalty
    gradients = tape.gradient(total, discriminator.trainable_variables)
    assert_one_step(applied, discriminator, gradients)
    np.testing.assert_allclose(metrics["discriminator/loss"], loss, rtol=1e-5)
    np.testing.assert_allclose(metrics["discriminator/gradient_penalty"], penalty, rtol=1e-5)
    norm = global_norm(gradients)
    np.testing.assert_allclose(metrics["discriminator/gradient_norm"], norm, rtol=1e-4)
    accuracies = np.mean(verdicts[0]), np.mean(~verdicts[1])
    assert min(accuracies) > 0.0 and max(accuracies) < 1.0 and accuracies[0] != accuracies[1]
    np.testing.assert_allclose(metrics["discriminator/accuracy_expert"], accuracies[0])
    np.testing.assert_allclose(metrics["discriminator/accuracy_agent"], accuracies[1])


def test_forward_model_takes_a_step_down_its_prediction_error():
    learner = make_mgail()
    model = learner.networks.forward_model
    applied = record_gradients(learner.optimizers.forward_model)
    segment = draw_batch(**ENDS)
    with tf.GradientTape() as tape:
        loss = prediction_loss(model, segment)
    gradients = tape.gradient(loss, model.trainable_variables)
    metrics = learner.update_forward_model(segment)
    assert_one_step(applied, model, gradients)
    np.testing.assert_allclose(metrics["forward_model/loss"], loss, rtol=1e-5)
    norm = global_norm(gradients)
    np.testing.assert_allclose(metrics["forward_model/gradient_norm"], norm, rtol=1e-4)
