"""How the agent acts in several environments side by side."""

import tensorflow as tf

from mgail_tf.networks.build import Encoders
from mgail_tf.networks.policy import Policy


def draw_action(policy: Policy, encoders: Encoders, observation: tf.Tensor, seed: tf.Tensor):
    """Takes one action in each environment.

    Args:
      policy: acts.
      encoders: of observations and actions.
      observation: [num_envs, observation_size] as the environments give them.
      seed: [2] integers.

    Returns:
      The environments' actions [num_envs, ...], and the noise xi that they were taken with.
    """
    noise = policy.noise.sample([observation.shape[0], encoders.actions.size], seed=seed)
    action = policy.sample(encoders.observations.encode(observation), noise)
    return encoders.actions.decode(action), noise
