"""A `MlpPolicy` that stable-baselines3 or sb3-contrib has trained, as a `DeployedPolicy`."""

from collections.abc import Mapping

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks.encoding import BoxActionEncoder, ObservationEncoder, action_encoder
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy

# The layers of sb3's `MlpPolicy`, from the observation to the action.
LAYERS = "mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net"


def deploy(
    weights: Mapping[str, np.ndarray],
    observations: ObservationEncoder,
    action_space: gymnasium.Space,
    noise_scale: float = 1.0,
) -> DeployedPolicy:
    """Makes a `DeployedPolicy` of the weights of sb3's `MlpPolicy` with two tanh layers.

    Args:
      weights: the policy's state by name.
      observations: normalises and clips as sb3's `VecNormalize` does.
      action_space: the environment's.
      noise_scale: factor on the learned action noise, for continuous actions.
    """
    hidden = [len(weights[f"{layer}.bias"]) for layer in LAYERS[:-1]]
    actions = action_encoder(action_space)
    if isinstance(actions, BoxActionEncoder):
        policy = GaussianPolicy(
            actions.size,
            hidden,
            np.exp(weights["log_std"]) * noise_scale,
            low=actions.low,
            high=actions.high,
            executed=actions.executed,
            activation="tanh",
        )
    else:
        policy = CategoricalPolicy(actions.parts.sizes, hidden, activation="tanh")
    policy(tf.zeros([1, observations.size]))
    kernels_and_biases = [
        values
        for layer in LAYERS
        # torch has an output in each row, Keras in each column.
        for values in (weights[f"{layer}.weight"].T, weights[f"{layer}.bias"])
    ]
    for variable, values in zip(policy.trainable_variables, kernels_and_biases, strict=True):
        variable.assign(values)
    return DeployedPolicy(policy, observations, actions)
