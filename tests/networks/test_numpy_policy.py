import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.networks.encoding import DiscreteActionEncoder, ObservationEncoder, action_encoder
from mgail_tf.networks.numpy_policy import NumpyPolicy
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy

SPACES = {
    "box": gymnasium.spaces.Box(-1.0, 1.0, (2,)),
    "float64": gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float64),
    "unbounded": gymnasium.spaces.Box(-np.inf, np.inf, (2,)),
    "integer": gymnasium.spaces.Box(-1, 2, (2,), np.int32),
    "table": gymnasium.spaces.Box(-1.0, 1.0, (1, 2)),
    "discrete": gymnasium.spaces.Discrete(3, start=-1),
    "several": gymnasium.spaces.MultiDiscrete(
        np.array([[3, 2], [4, 2]]), start=np.array([[0, 1], [-1, 2]])
    ),
    "switches": gymnasium.spaces.MultiBinary(3),
}


@pytest.mark.parametrize("name", SPACES)
def test_acts_as_the_network(name):
    space = SPACES[name]
    observations = ObservationEncoder(
        np.array([1.0, -2.0, 3.0], np.float32), np.array([2.0, 0.0, 0.5], np.float32), np.inf
    )
    actions = action_encoder(space, 0.2, 0.7)
    policy: CategoricalPolicy | GaussianPolicy
    if isinstance(actions, DiscreteActionEncoder):
        policy = CategoricalPolicy(actions.parts.sizes, [6, 4])
    else:
        policy = GaussianPolicy(actions.size, [6, 4], 0.3)
    policy(tf.zeros([1, 3]))
    fast = NumpyPolicy(policy, observations, actions, space)
    rng = np.random.default_rng(0)
    executed = []
    for _ in range(20):
        observation = rng.normal(size=3).astype(np.float32)
        noise = (3 * rng.normal(size=actions.size)).astype(np.float32)
        mask = rng.choice(np.array([0.0, 2.0], np.float32), size=4)
        encoded = fast.encode(observation)
        np.testing.assert_allclose(encoded, observations.encode(observation), rtol=1e-6)
        last = policy.logits if isinstance(policy, CategoricalPolicy) else policy.mean
        expected = last(policy.hidden(encoded[None]) * mask)[0] + noise
        if isinstance(policy, CategoricalPolicy):
            expected = policy.parts.one_hot(policy.parts.choices(expected))
        action, taken = fast.act(encoded, noise, mask)
        np.testing.assert_allclose(action, expected, rtol=1e-4, atol=1e-6)
        assert action.dtype == np.float32
        np.testing.assert_allclose(taken, actions.decode(expected[None])[0], rtol=1e-4, atol=1e-6)
        assert space.contains(taken)
        executed.append(taken)
    assert np.ptp(executed) >= 1
