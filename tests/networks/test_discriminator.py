from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.networks.discriminator import (
    AGENT,
    EXPERT,
    Discriminator,
    classification_loss,
    cross_entropy,
    gradient_penalty,
)

# Means and covariances of (s, a): the expert's and the agent's.
GAUSSIANS = {
    "shared covariance": (
        ([0.7, -0.4], [[1.0, 0.5], [0.5, 1.0]]),
        ([-0.5, 0.3], [[1.0, 0.5], [0.5, 1.0]]),
    ),
    "different covariances": (
        ([0.7, -0.4], [[1.0, 0.5], [0.5, 0.8]]),
        ([-0.2, 0.3], [[0.7, -0.3], [-0.3, 1.2]]),
    ),
}


def draw(count, mean, covariance, rng):
    return rng.multivariate_normal(mean, covariance, count).astype(np.float32)


def density(pairs, mean, covariance):
    offset = pairs - mean
    exponent = -0.5 * np.sum(offset @ np.linalg.inv(covariance) * offset, -1)
    return np.exp(exponent) / (2.0 * np.pi * np.sqrt(np.linalg.det(covariance)))


@pytest.mark.parametrize("gaussians", GAUSSIANS)
def test_learns_the_likelihood_ratio(gaussians):
    expert, agent = GAUSSIANS[gaussians]
    discriminator = Discriminator([32, 32])
    discriminator(tf.zeros([1, 1]), tf.zeros([1, 1]))
    steps, batch_size = 1000, 500
    schedule: Any = keras.optimizers.schedules.CosineDecay(1e-2, steps)
    adam = keras.optimizers.Adam(schedule)
    adam.build(discriminator.trainable_variables)

    @tf.function
    def update(expert_pair, agent_pair):
        with tf.GradientTape() as tape:
            expert_logits = discriminator(expert_pair[:, :1], expert_pair[:, 1:])
            agent_logits = discriminator(agent_pair[:, :1], agent_pair[:, 1:])
            loss = classification_loss(expert_logits, agent_logits)
        variables = discriminator.trainable_variables
        adam.apply(tape.gradient(loss, variables), variables)

    rng = np.random.default_rng(0)
    for _ in range(steps):
        update(draw(batch_size, *expert, rng), draw(batch_size, *agent, rng))

    pairs = np.concatenate([draw(1000, *expert, rng), draw(1000, *agent, rng)])
    D = tf.nn.softmax(discriminator(pairs[:, :1], pairs[:, 1:])).numpy()[:, AGENT]
    ratio = density(pairs, *expert) / density(pairs, *agent)  # phi * psi
    expected = 1.0 / (1.0 + ratio)
    assert np.mean(np.abs(D - expected)) < 0.02
    assert np.max(np.abs(D - expected)) < 0.15
    # What is easier to get would not do.
    assert np.mean(np.abs(0.5 - expected)) > 0.2
    assert np.mean(np.abs(1.0 - D - expected)) > 0.2


def test_cross_entropy():
    logits = np.random.default_rng(1).normal(size=(4, 5, 2), scale=3.0)
    odds = np.exp(logits[..., AGENT] - logits[..., EXPERT])
    D = odds / (1.0 + odds)
    np.testing.assert_allclose(cross_entropy(logits, EXPERT), -np.log(1.0 - D))
    np.testing.assert_allclose(cross_entropy(logits, AGENT), -np.log(D))


def test_cross_entropy_of_far_logits_is_finite():
    logits = tf.constant([[-500.0, 500.0]])
    np.testing.assert_allclose(cross_entropy(logits, EXPERT), [1000.0])


def test_classification_loss():
    rng = np.random.default_rng(2)
    expert, agent = rng.normal(size=(6, 2)), rng.normal(size=(6, 2))
    right_expert = 1.0 / (1.0 + np.exp(expert[:, AGENT] - expert[:, EXPERT]))
    right_agent = 1.0 / (1.0 + np.exp(agent[:, EXPERT] - agent[:, AGENT]))
    expected = -np.mean(np.log(right_expert)) - np.mean(np.log(right_agent))
    np.testing.assert_allclose(classification_loss(expert, agent), expected)


def penalty_by_differences(weights, expert_pair, agent_pair, mixture):
    """The penalty of a discriminator of one hidden layer; its slopes by central differences."""
    kernel, bias, logits_kernel, logits_bias = weights

    def logit(pair):
        logits = np.maximum(pair @ kernel + bias, 0.0) @ logits_kernel + logits_bias
        return logits[:, 0] - logits[:, 1]

    expert, agent = np.hstack(expert_pair), np.hstack(agent_pair)
    pair = agent + mixture * (expert - agent)
    shifts = 1e-6 * np.eye(pair.shape[1])
    slope = np.array([(logit(pair + shift) - logit(pair - shift)) / 2e-6 for shift in shifts])
    return np.mean((np.linalg.norm(slope, axis=0) - 1.0) ** 2)


def test_gradient_penalty_and_its_gradient(float64):
    rng = np.random.default_rng(3)
    expert_pair, agent_pair = ((rng.normal(size=(9, 3)), rng.normal(size=(9, 2))) for _ in range(2))
    mixture = rng.uniform(size=(9, 1))
    arguments = tf.nest.map_structure(tf.constant, (expert_pair, agent_pair, mixture))
    discriminator = Discriminator([16])
    discriminator(*expert_pair)
    weights = [rng.normal(size=weight.shape) for weight in discriminator.get_weights()]
    discriminator.set_weights(weights)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(discriminator, *arguments)
    gradient = tape.gradient(penalty, discriminator.trainable_variables)
    assert gradient.pop() is None  # The last bias shifts no slope.

    def expected(weights):
        return penalty_by_differences(weights, expert_pair, agent_pair, mixture)

    np.testing.assert_allclose(penalty, expected(weights), rtol=1e-6)
    direction = [rng.normal(size=weight.shape) for weight in weights]
    ahead, behind = (
        expected([w + shift * d for w, d in zip(weights, direction, strict=True)])
        for shift in (1e-4, -1e-4)
    )
    computed = sum(np.sum(g * d) for g, d in zip(gradient, direction[:-1], strict=True))
    np.testing.assert_allclose(computed, (ahead - behind) / 2e-4, rtol=1e-4)
