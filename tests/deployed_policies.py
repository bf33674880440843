"""Policies to export."""

from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.networks import encoding
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy

SPACES = [
    gymnasium.spaces.Box(np.array([-1.0, -3.0], np.float32), np.array([2.0, np.inf], np.float32)),
    gymnasium.spaces.Discrete(4, start=-1),
    gymnasium.spaces.MultiDiscrete(np.array([[3, 2], [4, 2]]), start=np.array([[1, 0], [0, -1]])),
    gymnasium.spaces.MultiBinary(3),
]


def deployed(space, offset=0.0, dtype: Any = np.float32):
    """The parts of a `DeployedPolicy` that takes five numbers around an offset."""
    generator = np.random.default_rng(0)
    mean, stddev = generator.normal(size=5) + offset, generator.uniform(1, 2, 5)
    observations = encoding.ObservationEncoder(mean, stddev, 10.0, dtype)
    actions = encoding.action_encoder(space, 0.3, 0.7)
    if isinstance(actions, encoding.DiscreteActionEncoder):
        policy = CategoricalPolicy(actions.parts.sizes, [16, 16])
    else:
        policy = GaussianPolicy(actions.size, [16, 16], 0.2, low=actions.low, high=actions.high)
    policy(tf.zeros([1, 5]))
    policy.set_weights([generator.normal(size=w.shape) for w in policy.get_weights()])
    return policy, observations, actions
