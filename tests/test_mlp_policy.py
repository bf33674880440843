from gymnasium.spaces import Box, Discrete
import numpy as np
import pytest

from mgail_tf import mlp_policy
from mgail_tf.networks.encoding import ObservationEncoder

OBSERVATION, HIDDEN = 5, 7
MEAN, STDDEV, LIMIT = np.linspace(-1.0, 1.0, OBSERVATION), np.linspace(0.5, 2.0, OBSERVATION), 3.0
BOX = Box(np.array([-1.0, -0.3], np.float32), np.array([0.4, 1.0], np.float32))


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    """The state of sb3's `MlpPolicy`; in torch, a matrix has a row for each output."""
    rng = np.random.default_rng(0)
    sizes = OBSERVATION, HIDDEN, HIDDEN, 2
    state = {"log_std": np.array([-1.0, -2.0], np.float32)}
    for layer, inputs, outputs in zip(mlp_policy.LAYERS, sizes, sizes[1:], strict=False):
        state[f"{layer}.weight"] = rng.normal(size=(outputs, inputs)).astype(np.float32)
        state[f"{layer}.bias"] = rng.normal(size=outputs).astype(np.float32)
    return state


def outputs(weights: dict[str, np.ndarray], observations: np.ndarray) -> np.ndarray:
    """What torch computes: means, or logits."""
    features = np.clip((observations - MEAN) / STDDEV, -LIMIT, LIMIT)
    first, second, last = [
        (weights[f"{layer}.weight"].T, weights[f"{layer}.bias"]) for layer in mlp_policy.LAYERS
    ]
    for kernel, bias in first, second:
        features = np.tanh(features @ kernel + bias)
    return features @ last[0] + last[1]


@pytest.mark.parametrize("space", [BOX, Discrete(2, start=3)])
def test_the_network_is_the_trained_one(space, weights: dict[str, np.ndarray]):
    policy = mlp_policy.deploy(weights, ObservationEncoder(MEAN, STDDEV, LIMIT), space)
    observations = np.random.default_rng(1).normal(scale=4.0, size=(200, OBSERVATION))
    expected = outputs(weights, observations)
    actions = np.asarray(policy.deterministic(observations.astype(np.float32)))
    if isinstance(space, Discrete):
        np.testing.assert_array_equal(actions, 3 + expected.argmax(-1))
    else:
        np.testing.assert_allclose(actions, np.clip(expected, BOX.low, BOX.high), atol=1e-5)
        assert (actions != np.asarray(expected, np.float32)).any()


def test_the_noise_is_the_learned_one_times_the_factor(weights: dict[str, np.ndarray]):
    space = Box(-np.inf, np.inf, (2,))
    encoder = ObservationEncoder(MEAN, STDDEV, LIMIT)
    policy = mlp_policy.deploy(weights, encoder, space, noise_scale=0.5)
    observations = np.zeros([20_000, OBSERVATION], np.float32)
    deviation = np.std(policy.stochastic(observations, [0, 1]), axis=0)
    np.testing.assert_allclose(deviation, 0.5 * np.exp([-1.0, -2.0]), rtol=4 / np.sqrt(40_000))
