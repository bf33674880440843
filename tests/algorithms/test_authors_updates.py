"""The authors' updates, against formulas that are written out here."""

import dataclasses

import gymnasium
import keras
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms import authors_updates as updates
from mgail_tf.algorithms.authors_networks import AuthorsNetworks
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.data.transitions import Transitions
from mgail_tf.networks.encoding import action_encoder

OBSERVATION, LENGTH, SEGMENTS, WIDTH = 4, 3, 5, 6
SPACES = {
    "continuous": gymnasium.spaces.Box(-1.0, 1.0, (2,)),
    "discrete": gymnasium.spaces.Discrete(3),
}
OPTIONS = AuthorsOptions(
    policy_hidden=(7, 5),
    discriminator_hidden=(8, 6),
    forward_model_width=WIDTH,
    segment_length=LENGTH,
    policy_segments=SEGMENTS,
    # So that every part of a gradient matters.
    weight_stddev=0.7,
    policy_cost_scale=0.5,
    discount=0.8,
    weight_decay=0.1,
    gradient_clip=0.0,
    temperature=0.6,
)


def make(kind="continuous", **settings):
    options = dataclasses.replace(OPTIONS, **settings)
    actions = action_encoder(SPACES[kind])
    return (
        AuthorsNetworks(options, OBSERVATION, actions, np.array(0.1), seed=0),
        options,
        actions.size,
    )


def draw_segments(action_size, ends=(LENGTH,) * SEGMENTS):
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(size=shape).astype(np.float32)

    def mask(width):
        return rng.choice(np.array([0.0, 4 / 3], np.float32), size=(SEGMENTS, LENGTH, width))

    alive = np.arange(LENGTH) < np.array(ends)[:, None]
    return updates.Segments(
        normal(SEGMENTS, OBSERVATION),
        normal(SEGMENTS, LENGTH, OBSERVATION),
        normal(SEGMENTS, LENGTH, action_size),
        mask(OPTIONS.policy_hidden[-1]),
        mask(OPTIONS.discriminator_hidden[-1]),
        alive.astype(np.float32),
    )


def layers(network):
    """Pairs of matrix and bias."""
    variables = [tf.convert_to_tensor(variable) for variable in network.trainable_variables]
    return list(zip(variables[::2], variables[1::2], strict=True))


def stack(inputs, pairs, last=tf.nn.relu):
    for matrix, bias in pairs[:-1]:
        inputs = tf.nn.relu(tf.linalg.matvec(matrix, inputs, transpose_a=True) + bias)
    matrix, bias = pairs[-1]
    return last(tf.linalg.matvec(matrix, inputs, transpose_a=True) + bias)


def plain_forward_model(model, observation, action):
    """Fig. 4, with the GRU of Cho et al. 2014 (eq. 5-8) and a memory of ones."""
    if not hasattr(model, "gru"):
        return stack(tf.concat([observation, action], -1), layers(model), tf.identity)

    def dense(layer, inputs, activation):
        return activation(tf.linalg.matvec(layer.kernel, inputs, transpose_a=True) + layer.bias)

    def gate(kernel, recurrent, bias, inputs, memory):
        product = tf.linalg.matvec(kernel, inputs, transpose_a=True)
        return product + tf.linalg.matvec(recurrent, memory, transpose_a=True) + bias

    inputs, memory = dense(model.embed_state, observation, tf.nn.relu), tf.ones([WIDTH])
    parts = [
        tf.split(tf.convert_to_tensor(weight), 3, -1) for weight in model.gru.trainable_variables
    ]
    kernels, recurrents, biases = parts
    update, reset, candidate = zip(kernels, recurrents, biases, strict=True)
    z = tf.sigmoid(gate(*update, inputs=inputs, memory=memory))
    r = tf.sigmoid(gate(*reset, inputs=inputs, memory=memory))
    memory = z * memory + (1 - z) * tf.tanh(gate(*candidate, inputs=inputs, memory=r * memory))
    state = dense(model.encode_state, memory, tf.sigmoid)
    first, second = model.encode_action.denses
    encoded = dense(second, dense(first, action, tf.nn.relu), tf.sigmoid)
    joint = state * encoded
    for layer in model.hidden.denses:
        joint = dense(layer, joint, tf.nn.relu)
    return dense(model.prediction, joint, tf.identity)


def plain_gradient(networks, segments, index, options, discrete):
    """The clipped gradient of one segment's J, by the recursion's definition."""
    policy, discriminator = layers(networks.policy), layers(networks.discriminator)
    parameters = [variable for pair in policy for variable in pair]
    observation, total = segments.observation[index], 0.0
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        for step in range(LENGTH):
            features = stack(observation, policy[:-1]) * segments.policy_mask[index, step]
            action = stack(features, policy[-1:], tf.identity) + segments.noise[index, step]
            if discrete:
                soft = tf.nn.softmax(action / options.temperature)
                action = soft + tf.stop_gradient(
                    tf.one_hot(tf.argmax(action), action.shape[0]) - soft
                )
            judged = stack(tf.concat([observation, action], -1), discriminator[:-1])
            judged *= segments.discriminator_mask[index, step]
            probability = stack(judged, discriminator[-1:], tf.nn.softmax)
            if segments.alive[index, step]:
                total -= options.discount**step * tf.math.log(probability[0])
            predicted = plain_forward_model(networks.forward_model, observation, action)
            # The environment's value, the forward model's derivative.
            real = segments.next_observation[index, step]
            observation = predicted + tf.stop_gradient(real - predicted)
        total *= options.policy_cost_scale
        total += options.weight_decay * sum(tf.nn.l2_loss(matrix) for matrix, _ in policy)
    return total, tape.gradient(total, parameters)


def step_of(update, network):
    """What an update subtracts from the weights, gradients if its optimiser is plain descent."""
    before = [weight.numpy() for weight in network.trainable_variables]
    metrics = update(keras.optimizers.SGD(1.0))
    after = [weight.numpy() for weight in network.trainable_variables]
    return [one - other for one, other in zip(before, after, strict=True)], metrics


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        # Differences of weights are rounded like the weights, which are about 1.
        atol = 2e-5 * np.abs(other).max() + 5e-7
        np.testing.assert_allclose(one, other, atol=atol, rtol=1e-4)


@pytest.mark.parametrize("model", ["advanced", "basic"])
@pytest.mark.parametrize("kind", SPACES)
def test_gradient_of_a_segment(kind, model):
    networks, options, action_size = make(kind, forward_model=model)
    segments = draw_segments(action_size, ends=[LENGTH, 1, 2, LENGTH, LENGTH])
    for index in range(3):
        segment = updates.Segments(*(tf.constant(values[index]) for values in segments))
        _, gradients = updates.segment_gradient(networks, segment, options)
        _, expected = plain_gradient(networks, segments, index, options, kind == "discrete")
        assert_close(gradients, expected)


@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_segments_are_clipped_before_they_are_averaged(clip):
    networks, options, action_size = make(gradient_clip=clip)
    segments = draw_segments(action_size)
    each = [
        plain_gradient(networks, segments, index, options, False)[1] for index in range(SEGMENTS)
    ]
    bound = clip or np.inf
    clipped = [np.mean(np.clip(values, -bound, bound), 0) for values in zip(*each, strict=True)]
    if clip:
        late = [np.clip(np.mean(values, 0), -clip, clip) for values in zip(*each, strict=True)]
        assert max(np.abs(a - b).max() for a, b in zip(clipped, late, strict=True)) > 0.01
        assert any((np.abs(values) < clip).any() for values in clipped)
    found, metrics = step_of(
        lambda optimizer: updates.update_policy(networks, optimizer, segments, options),
        networks.policy,
    )
    assert_close(found, clipped)
    assert np.isfinite(metrics["policy/loss"])


def transitions(seed, action_size=2, size=6):
    rng = np.random.default_rng(seed)
    sizes = OBSERVATION, action_size, OBSERVATION
    return Transitions(*(rng.normal(size=(size, n)).astype(np.float32) for n in sizes))


def test_discriminators_loss_and_decay():
    networks, options, _ = make()
    expert, agent = transitions(0), transitions(1)
    mask = np.random.default_rng(2).choice(np.array([0.0, 4 / 3], np.float32), size=(12, 6))
    pairs = layers(networks.discriminator)
    parameters = [variable for pair in pairs for variable in pair]
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        total = 0.0
        for index in range(12):
            side, weight = (expert, 0.8) if index < 6 else (agent, 1.0)
            pair = tf.concat([side.observation[index % 6], side.action[index % 6]], -1)
            features = stack(pair, pairs[:-1]) * mask[index]
            probability = stack(features, pairs[-1:], tf.nn.softmax)
            total -= weight * tf.math.log(probability[0 if index < 6 else 1]) / 12
        decay = options.weight_decay * sum(tf.nn.l2_loss(matrix) for matrix, _ in pairs)
        decayed = total + decay
    expected = tape.gradient(decayed, parameters)
    found, metrics = step_of(
        lambda optimizer: updates.update_discriminator(
            networks, optimizer, expert, agent, mask, options
        ),
        networks.discriminator,
    )
    assert_close(found, expected)
    assert float(metrics["discriminator/loss"]) == pytest.approx(float(total), rel=1e-4)


@pytest.mark.parametrize("model", ["advanced", "basic"])
def test_forward_model_predicts_the_next_state_and_does_not_decay(model):
    networks, _, _ = make(forward_model=model)
    batch, network = transitions(0), networks.forward_model
    with tf.GradientTape() as tape:
        errors = [
            plain_forward_model(network, observation, action) - following
            for observation, action, following in zip(*batch, strict=True)
        ]
        loss = tf.reduce_mean(tf.stack(errors) ** 2)
    expected = tape.gradient(loss, network.trainable_variables)
    found, metrics = step_of(
        lambda optimizer: updates.update_forward_model(networks, optimizer, batch), network
    )
    assert_close(found, expected)
    assert float(metrics["forward_model/loss"]) == pytest.approx(float(loss), rel=1e-4)


def test_optimiser_is_adam_with_its_first_epsilon():
    networks, _, _ = make()
    weights = networks.policy.trainable_variables
    before = weights[0].numpy()
    gradient = 1e-7
    updates.adam(networks.policy, 0.1).apply([gradient * tf.ones_like(w) for w in weights], weights)
    expected = 0.1 * gradient / (gradient + 1e-8 / np.sqrt(0.001))
    np.testing.assert_allclose(before - weights[0], expected, rtol=1e-3)
