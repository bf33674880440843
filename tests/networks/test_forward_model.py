import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.data.replay import Segment
from mgail_tf.networks.forward_model import AdvancedForwardModel, BasicForwardModel, prediction_loss

LENGTH, BATCH, OBSERVATION, ACTION, WIDTH = 3, 4, 3, 2, 6


def relu(x):
    return np.maximum(x, 0.0)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def gru(x, memory, kernel, recurrent_kernel, bias):
    """Keras's GRU: gates in the order z, r, h; r acts after the memory's matrix product."""
    x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3, axis=-1)
    m_z, m_r, m_h = np.split(memory @ recurrent_kernel + bias[1], 3, axis=-1)
    z, r = sigmoid(x_z + m_z), sigmoid(x_r + m_r)
    return z * memory + (1.0 - z) * np.tanh(x_h + r * m_h)


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


def build(name, residual=False):
    """A model with random weights, its NumPy twin, and a segment in which two episodes end."""
    make, formulas = MODELS[name]
    model = make(OBSERVATION, WIDTH, residual=residual)
    rng = np.random.default_rng(0)
    observation, following = rng.normal(size=(2, LENGTH, BATCH, OBSERVATION))
    action, noise = rng.normal(size=(2, LENGTH, BATCH, ACTION))
    ended = np.zeros([LENGTH, BATCH])
    ended[0, 1] = ended[1, 3] = ended[2, 1] = 1.0
    segment = Segment(*map(tf.constant, (observation, action, noise, following, ended, ended)))
    model(observation[0], action[0], model.initial_memory(BATCH))
    weights = [rng.normal(size=weight.shape) for weight in model.get_weights()]
    model.set_weights(weights)

    def twin(observation, action, memory):
        prediction, memory = formulas(weights, observation, action, memory)
        return prediction + residual * observation, memory

    return model, twin, segment


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_the_formulas(float64, name, residual):
    model, twin, segment = build(name, residual)
    memory = model.initial_memory(BATCH)
    expected_memory = np.ones([BATCH, WIDTH]) if name == "advanced" else np.zeros([BATCH, 0])
    np.testing.assert_array_equal(memory, expected_memory)
    for observation, action in zip(
        segment.observation.numpy(), segment.action.numpy(), strict=True
    ):
        prediction, memory = model(observation, action, memory)
        expected, expected_memory = twin(observation, action, expected_memory)
        np.testing.assert_allclose(prediction, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(memory, expected_memory, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_prediction_loss(float64, name, residual):
    model, twin, segment = build(name, residual)
    memory = model.initial_memory(BATCH).numpy()
    errors = []
    for step in range(LENGTH):
        prediction, memory = twin(
            segment.observation[step].numpy(), segment.action[step].numpy(), memory
        )
        error = np.mean((prediction - segment.next_observation[step].numpy()) ** 2, -1)
        # Steps after the end of an episode belong to the next one, which the memory knows not.
        errors += [error[b] for b in range(BATCH) if not np.any(segment.ended[:step, b])]
    assert len(errors) == 9
    np.testing.assert_allclose(prediction_loss(model, segment), np.mean(errors), rtol=1e-9)


def test_prediction_loss_ignores_what_follows_an_end(float64):
    model, _, segment = build("advanced")
    loss = prediction_loss(model, segment)
    observation = segment.observation.numpy()
    observation[1:, 1] += 100.0
    observation[2:, 3] += 100.0
    changed = segment._replace(observation=tf.constant(observation))
    np.testing.assert_allclose(prediction_loss(model, changed), loss, rtol=1e-12)
