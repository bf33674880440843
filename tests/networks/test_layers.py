import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.networks.layers import DensePerAction, DenseStack, PairNetwork


def relu(x):
    return np.maximum(x, 0.0)


def randomize(layer):
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer.get_weights()


@pytest.mark.parametrize("activations", ["relu", ["relu", "tanh"]])
def test_dense_stack_is_dense_layers_in_a_row(float64, activations):
    stack = DenseStack([5, 4], activations)
    inputs = np.random.default_rng(1).normal(size=(3, 2, 6))
    stack(inputs)
    first, first_bias, second, second_bias = randomize(stack)
    expected = relu(inputs @ first + first_bias) @ second + second_bias
    expected = relu(expected) if activations == "relu" else np.tanh(expected)
    np.testing.assert_allclose(stack(inputs), expected, rtol=1e-9)


def test_each_layer_of_a_stack_has_an_activation():
    with pytest.raises(ValueError, match="zip"):
        DenseStack([5, 4], ["relu"])


def test_a_checkpoint_holds_every_layer_of_a_stack(tmp_path):
    stacks = [DenseStack([5, 4]) for _ in range(2)]
    for stack in stacks:
        stack(tf.zeros([1, 6]))
        randomize(stack)
    stacks[1].set_weights([0.0 * weight for weight in stacks[1].get_weights()])
    file = tf.train.Checkpoint(stack=stacks[0]).save(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(stack=stacks[1]).restore(file).assert_consumed()
    for weight, restored in zip(*(stack.get_weights() for stack in stacks), strict=True):
        np.testing.assert_array_equal(restored, weight)


def test_dense_per_action_has_outputs_for_each_action(float64):
    layer = DensePerAction(2, 3)
    rng = np.random.default_rng(2)
    features, chosen = rng.normal(size=(4, 5, 6)), rng.integers(3, size=(4, 5))
    layer(features, np.eye(3)[chosen])
    kernel, bias = randomize(layer)
    all_outputs = (features @ kernel + bias).reshape(4, 5, 2, 3)
    expected = np.take_along_axis(all_outputs, chosen[..., None, None], -1)[..., 0]
    np.testing.assert_allclose(layer(features, np.eye(3)[chosen]), expected, rtol=1e-9)


def test_pair_network_has_the_action_among_its_inputs_or_outputs_for_it(float64):
    rng = np.random.default_rng(3)
    observation, action = rng.normal(size=(4, 6)), np.eye(3)[rng.integers(3, size=4)]
    beside = PairNetwork([5], 2)
    beside(observation, action)
    first, first_bias, last, last_bias = randomize(beside)
    expected = relu(np.hstack([observation, action]) @ first + first_bias) @ last + last_bias
    np.testing.assert_allclose(beside(observation, action), expected, rtol=1e-9)

    apart = PairNetwork([5], 2, num_actions=3)
    apart(observation, action)
    first, first_bias, last, last_bias = randomize(apart)
    outputs = (relu(observation @ first + first_bias) @ last + last_bias).reshape(4, 2, 3)
    expected = np.sum(outputs * action[:, None], -1)
    np.testing.assert_allclose(apart(observation, action), expected, rtol=1e-9)
