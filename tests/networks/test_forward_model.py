import numpy as np
import pytest
import segments

from mgail_tf.networks.forward_model import AdvancedForwardModel, BasicForwardModel

LENGTH, BATCH, OBSERVATION, ACTION, WIDTH = 3, 4, 3, 2, 6


def relu(x):
    return np.maximum(x, 0.0)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def gru(x, h, kernel, recurrent_kernel, bias):
    """Eq. 5-8 of Cho et al. (2014): the reset gate acts before the recurrent product.

    The weights of z, r and the new memory are side by side in Keras' matrices, in this order.
    """
    (W_z, W_r, W), (U_z, U_r, U) = np.split(kernel, 3, -1), np.split(recurrent_kernel, 3, -1)
    b_z, b_r, b = np.split(bias, 3)
    r = sigmoid(x @ W_r + h @ U_r + b_r)
    z = sigmoid(x @ W_z + h @ U_z + b_z)
    return z * h + (1.0 - z) * np.tanh(x @ W + (r * h) @ U + b)


def advanced(weights, observation, action, memory):
    """Fig. 4 (bottom)."""
    w = iter(weights)
    embedded = relu(observation @ next(w) + next(w))
    memory = gru(embedded, memory, next(w), next(w), next(w))
    state = sigmoid(memory @ next(w) + next(w))
    action = relu(action @ next(w) + next(w))
    action = sigmoid(action @ next(w) + next(w))
    hidden = state * action
    for _ in range(3):
        hidden = relu(hidden @ next(w) + next(w))
    return hidden @ next(w) + next(w), memory


def basic(weights, observation, action, memory):
    """Fig. 4 (top)."""
    w = iter(weights)
    hidden = np.concatenate([observation, action], -1)
    for _ in range(2):
        hidden = relu(hidden @ next(w) + next(w))
    return hidden @ next(w) + next(w), memory


MODELS = {"advanced": (AdvancedForwardModel, advanced), "basic": (BasicForwardModel, basic)}


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_the_formulas(float64, name, residual):
    make, formulas = MODELS[name]
    model = make(OBSERVATION, WIDTH, residual=residual)
    segment = segments.draw_segment(LENGTH, BATCH, OBSERVATION, ACTION, dtype=np.float64)
    memory = model.initial_memory(BATCH)
    expected_memory = np.ones([BATCH, WIDTH]) if name == "advanced" else np.zeros([BATCH, 0])
    np.testing.assert_array_equal(memory, expected_memory)
    model(segment.observation[0], segment.action[0], memory)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=weight.shape) for weight in model.get_weights()]
    model.set_weights(weights)
    for observation, action in zip(
        segment.observation.numpy(), segment.action.numpy(), strict=True
    ):
        prediction, memory = model(observation, action, memory)
        expected, expected_memory = formulas(weights, observation, action, expected_memory)
        expected = expected + residual * observation
        np.testing.assert_allclose(prediction, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(memory, expected_memory, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_by_default_the_observation_itself_is_predicted(name):
    make, _ = MODELS[name]
    assert not make(OBSERVATION, WIDTH).residual
