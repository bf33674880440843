from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy, move_to_bounds

INFINITY = float("inf")


def softmax(logits):
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def linear_categorical(logits, temperature=1.0):
    """A policy without hidden layers: its logits are observation @ kernel + bias."""
    policy = CategoricalPolicy(len(logits), (), temperature=temperature)
    policy(np.zeros([1, 2]))
    kernel = np.random.default_rng(0).normal(size=(2, len(logits)))
    policy.set_weights([kernel, logits])
    return policy, kernel


def draw_pairs(policy, size, count=500):
    observation = np.random.default_rng(1).normal(size=(count, 2))
    return observation, policy.noise.sample([count, size], seed=1).numpy()


def test_categorical_sample_is_exactly_one_hot():
    logits = np.array([0.5, -1.0, 0.2, 0.0])
    policy, kernel = linear_categorical(logits)
    observation, noise = draw_pairs(policy, 4)
    chosen = np.argmax(observation @ kernel + logits + noise, -1)
    # Exactly, not to rounding: the discriminator compares with the demonstrations' one-hots.
    np.testing.assert_array_equal(policy.sample(observation, noise), np.eye(4)[chosen])


def test_categorical_gradient_is_the_relaxed_samples(float64):
    temperature, logits = 0.7, np.array([0.5, -1.0, 0.2, 0.0])
    policy, kernel = linear_categorical(logits, temperature)
    observation, noise = draw_pairs(policy, 4)
    message = np.random.default_rng(2).normal(size=noise.shape)
    observation = tf.constant(observation)
    with tf.GradientTape() as tape:
        tape.watch(observation)
        action = policy.sample(observation, noise)
    by_observation, (by_kernel, by_bias) = tape.gradient(
        action, [observation, policy.trainable_variables], message
    )
    relaxed = softmax((observation @ kernel + logits + noise).numpy() / temperature)
    # message @ (diag(p) - p p^T) / tau
    by_logits = relaxed * (message - np.sum(relaxed * message, -1, keepdims=True)) / temperature
    np.testing.assert_allclose(by_observation, by_logits @ kernel.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(by_kernel, observation.numpy().T @ by_logits, rtol=1e-9)
    np.testing.assert_allclose(by_bias, by_logits.sum(0), rtol=1e-9)


def test_categorical_samples_follow_the_softmax_and_the_tfp_distribution():
    # Of the relaxed one-hot, arg max follows softmax(logits) whatever the temperature.
    policy, _ = linear_categorical(np.array([0.5, -1.0, 0.2, 0.0]), temperature=0.6)
    count, observation = 20_000, np.array([[0.3, -0.4]])
    distribution = policy(observation)
    expected = count * softmax(distribution.distributions[0].logits.numpy())[0]
    noise = policy.noise.sample([count, 4], seed=3)
    samples = policy.sample(np.tile(observation, (count, 1)), noise)
    for drawn in samples, distribution.sample(count, seed=4)[:, 0]:
        observed = np.bincount(np.argmax(drawn, -1), minlength=4)
        # Chi-square of 3 degrees of freedom: beyond 16.3 with probability 0.001.
        assert np.sum((observed - expected) ** 2 / expected) < 16.3


def test_an_action_of_several_parts_is_one_choice_beside_the_other(float64):
    sizes, temperature = (3, 2, 4), 0.7
    policy = CategoricalPolicy(sizes, (), temperature=temperature)
    policy(np.zeros([1, 2]))
    rng = np.random.default_rng(4)
    kernel, bias = rng.normal(size=(2, 9)), rng.normal(size=9)
    policy.set_weights([kernel, bias])
    observation, noise = draw_pairs(policy, 9, 60)
    message = rng.normal(size=noise.shape)
    with tf.GradientTape() as tape:
        action = policy.sample(observation, noise)
    by_kernel, by_bias = tape.gradient(action, policy.trainable_variables, message)
    acted, mode, kernels, biases = [], [], [], []
    likelihood, drawn = 0.0, policy(observation).sample(seed=1).numpy()
    for columns in np.split(np.arange(9), np.cumsum(sizes)[:-1]):
        alone = CategoricalPolicy(len(columns), (), temperature=temperature)
        alone(np.zeros([1, 2]))
        alone.set_weights([kernel[:, columns], bias[columns]])
        with tf.GradientTape() as tape:
            acted.append(alone.sample(observation, noise[:, columns]))
        each = tape.gradient(acted[-1], alone.trainable_variables, message[:, columns])
        kernels.append(each[0])
        biases.append(each[1])
        mode.append(alone.mode(observation))
        likelihood += alone.log_likelihood(observation, acted[-1])
        np.testing.assert_allclose(drawn[:, columns].sum(-1), 1.0)
    np.testing.assert_array_equal(action, np.concatenate(acted, -1))
    np.testing.assert_array_equal(policy.mode(observation), np.concatenate(mode, -1))
    np.testing.assert_allclose(by_kernel, np.concatenate(kernels, -1), rtol=1e-9)
    np.testing.assert_allclose(by_bias, np.concatenate(biases, -1), rtol=1e-9)
    np.testing.assert_allclose(policy.log_likelihood(observation, action), likelihood, rtol=1e-9)


@pytest.mark.parametrize("learn_stddev", [False, True])
def test_gaussian_samples_follow_the_tfp_distribution(learn_stddev):
    policy = GaussianPolicy(2, [8], [0.3, 2.0], learn_stddev=learn_stddev)
    count, observation = 40_000, np.array([[0.3, -0.4]])
    distribution = policy(observation)
    mean, stddev = distribution.mean().numpy()[0], distribution.stddev().numpy()[0]
    noise = policy.noise.sample([count, 2], seed=5)
    samples = policy.sample(np.tile(observation, (count, 1)), noise).numpy()
    standardized = (samples - mean) / stddev
    np.testing.assert_allclose(standardized.mean(0), 0.0, atol=4.0 / np.sqrt(count))
    # Of a unit Gaussian's covariances, those on the diagonal scatter by sqrt(2 / count).
    np.testing.assert_allclose(np.cov(standardized.T), np.eye(2), atol=4.0 * np.sqrt(2 / count))


def test_gaussian_distribution_is_the_networks(float64):
    policy = GaussianPolicy(2, [5], [0.3, 2.0], learn_stddev=True)
    observation = np.random.default_rng(6).normal(size=(20, 3))
    policy(observation)
    rng = np.random.default_rng(8)
    weights = [rng.normal(size=weight.shape) for weight in policy.get_weights()]
    weights[0] = np.array(0.7)
    weights[-2] *= 4.0  # So that some of the changes are beyond what they are clipped to.
    policy.set_weights(weights)
    noise_scale, kernel, bias, mean_kernel, mean_bias, stddev_kernel, stddev_bias = weights
    features = np.maximum(observation @ kernel + bias, 0.0)
    change = features @ stddev_kernel + stddev_bias
    assert change.min() < -4.0 and change.max() > 4.0 and np.abs(change).min() < 2.0
    change = np.clip(change, -3.0, 3.0)
    distribution = policy(observation)
    np.testing.assert_allclose(distribution.mean(), features @ mean_kernel + mean_bias)
    expected = noise_scale * [0.3, 2.0] * np.exp(change)
    np.testing.assert_allclose(distribution.stddev(), expected)


def test_constant_stddev_is_the_given_one():
    distribution = GaussianPolicy(2, [8], [0.3, 2.0])(np.ones([5, 3]))
    np.testing.assert_allclose(distribution.stddev(), np.tile([0.3, 2.0], (5, 1)), rtol=1e-6)


def test_learned_stddev_starts_about_the_given_one_and_learns():
    policy: Any = GaussianPolicy(2, [100, 50], [0.01, 5.0], learn_stddev=True)
    observation = np.random.default_rng(8).normal(size=(200, 11))
    ratio = policy(observation).stddev() / [0.01, 5.0]
    assert 0.5 < np.exp(np.mean(np.log(ratio))) < 2.0
    noise = policy.noise.sample([200, 2], seed=8)
    with tf.GradientTape() as tape:
        cost = tf.reduce_mean(policy.sample(observation, noise) ** 2)
    gradients = tape.gradient(cost, policy.log_stddev.trainable_variables)
    keras.optimizers.SGD(0.03).apply(gradients, policy.log_stddev.trainable_variables)
    # Less noise costs less here.
    assert np.mean(policy(observation).stddev()) < np.mean(ratio * [0.01, 5.0])


def test_mode():
    gaussian = GaussianPolicy(2, (), 0.5, low=[-1.0, -INFINITY], high=[0.5, 2.0])
    gaussian(np.zeros([1, 2]))
    gaussian.set_weights([np.array(1.0), np.eye(2), np.zeros(2)])  # The mean is the observation.
    observation = np.array([[0.1, -30.0], [0.6, 3.0], [-2.0, 1.0]])
    np.testing.assert_allclose(gaussian.mode(observation), [[0.1, -30.0], [0.5, 2.0], [-1.0, 1.0]])
    categorical, kernel = linear_categorical(np.array([0.5, -1.0, 0.2]))
    observation = np.random.default_rng(9).normal(size=(50, 2))
    chosen = np.argmax(observation @ kernel + [0.5, -1.0, 0.2], -1)
    np.testing.assert_array_equal(categorical.mode(observation), np.eye(3)[chosen])


@pytest.mark.parametrize(
    ("action", "value", "passes_when_falling", "passes_when_rising"),
    # Descent on a cost that falls with the action raises the action, and the other way round.
    [
        (0.2, 0.2, True, True),
        (0.5, 0.5, True, True),
        (-1.0, -1.0, True, True),
        (0.7, 0.5, False, True),
        (-1.3, -1.0, True, False),
    ],
)
def test_move_to_bounds(action, value, passes_when_falling, passes_when_rising):
    action = tf.constant([action])
    for slope, passes in (-3.0, passes_when_falling), (3.0, passes_when_rising):
        with tf.GradientTape() as tape:
            tape.watch(action)
            moved = move_to_bounds(action, -1.0, 0.5)
            cost = slope * moved
        np.testing.assert_allclose(moved, [value])
        np.testing.assert_allclose(tape.gradient(cost, action), [slope if passes else 0.0])


def test_gaussian_actions_keep_within_bounds_of_each_component():
    low, high = np.array([-0.1, -INFINITY], np.float32), np.array([INFINITY, 0.2], np.float32)
    policy = GaussianPolicy(2, [4], 1.0, low=low, high=high)
    observation, noise = draw_pairs(policy, 2)
    unbounded = policy(observation).mean() + noise
    actions = policy.sample(observation, noise)
    np.testing.assert_allclose(actions, np.clip(unbounded, low, high), rtol=1e-5, atol=1e-6)
    assert np.all(np.any(actions == np.stack([low, high])[[0, 1], [0, 1]], 0))


def test_gaussian_log_likelihood_is_the_density(float64):
    policy = GaussianPolicy(2, [5], [0.3, 2.0], learn_stddev=True)
    rng = np.random.default_rng(10)
    observation, action = rng.normal(size=(7, 4, 3)), rng.normal(size=(7, 4, 2))
    mean, stddev = policy(observation).mean().numpy(), policy(observation).stddev().numpy()
    density = np.exp(-0.5 * ((action - mean) / stddev) ** 2) / (stddev * np.sqrt(2.0 * np.pi))
    likelihood = policy.log_likelihood(observation, action)
    np.testing.assert_allclose(likelihood, np.log(density).sum(-1), rtol=1e-9)
    tfd = tfp.distributions
    independent = tfd.Independent(tfd.Normal(mean, stddev), 1).log_prob(action)
    np.testing.assert_allclose(likelihood, independent, rtol=1e-9)


def test_categorical_log_likelihood_is_that_of_the_softmax(float64):
    # Whatever the temperature of the relaxed samples.
    policy, kernel = linear_categorical(np.array([0.5, -1.0, 0.2, 0.0]), temperature=0.3)
    rng = np.random.default_rng(11)
    observation, chosen = rng.normal(size=(7, 5, 2)), rng.integers(4, size=(7, 5))
    likelihood = policy.log_likelihood(observation, np.eye(4)[chosen])
    logits = observation @ kernel + [0.5, -1.0, 0.2, 0.0]
    expected = np.take_along_axis(np.log(softmax(logits)), chosen[..., None], -1)[..., 0]
    np.testing.assert_allclose(likelihood, expected, rtol=1e-9)
    categorical = tfp.distributions.Categorical(logits=logits).log_prob(chosen)
    np.testing.assert_allclose(likelihood, categorical, rtol=1e-9)


def test_noise_scale_multiplies_the_deviation():
    policy = GaussianPolicy(2, [5], [0.3, 2.0])
    observation = np.ones([4, 3])
    assert policy(observation).stddev()[0].numpy() == pytest.approx([0.3, 2.0])
    policy.set_noise_scale(tf.constant(0.25))
    assert policy(observation).stddev()[0].numpy() == pytest.approx([0.075, 0.5])
    # No optimiser changes it.
    assert all(variable is not policy.noise_scale for variable in policy.trainable_variables)
    discrete, _ = linear_categorical(np.array([0.5, -1.0]))
    before = discrete.get_weights()
    discrete.set_noise_scale(tf.constant(0.25))
    for weight, old in zip(discrete.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_actions_are_those_that_are_executed():
    policy = GaussianPolicy(2, [4], 1.0, low=-1.0, high=1.0, executed=tf.round)
    observation, noise = draw_pairs(policy, 2)
    for actions in policy.sample(observation, noise), policy.mode(3.0 * observation):
        np.testing.assert_array_equal(np.unique(actions), [-1.0, 0.0, 1.0])
