"""The networks of MGAIL and their optimisers."""

import keras
import tensorflow as tf

from mgail_tf.algorithms.mgail_options import Losses, MGAILOptions
from mgail_tf.networks.build import Encoders, make_discriminator, make_forward_model, make_policy
from mgail_tf.networks.value import Value


class Networks(tf.Module):
    """All networks of MGAIL, built.

    Args:
      options: what they look like.
      encoders: of observations and actions.

    Attributes:
      policy, discriminator, forward_model, value: what learns.
      average_policy: a running average of the policy's weights; the one that is exported.
      slow_value: follows the value slowly; the one that is trusted.
    """

    def __init__(self, options: MGAILOptions, encoders: Encoders):
        super().__init__()
        acting, networks, actions = options.acting, options.networks, encoders.actions
        noise = {
            "noise_stddev": acting.noise_stddev,
            "learn_noise": acting.learn_noise,
            "temperature": acting.temperature,
        }
        self.policy = make_policy(actions, networks.policy_hidden, **noise)
        self.average_policy = make_policy(actions, networks.policy_hidden, **noise)
        self.discriminator = make_discriminator(
            actions,
            networks.discriminator_hidden,
            outputs_per_action=networks.outputs_per_action,
        )
        self.forward_model = make_forward_model(
            networks.forward_model,
            encoders.observations.size,
            actions,
            networks.forward_model_width,
            residual=networks.forward_model_residual,
            outputs_per_action=networks.outputs_per_action,
        )
        self.value = Value(networks.value_hidden)
        self.slow_value = Value(networks.value_hidden)
        observation = tf.zeros([1, encoders.observations.size])
        action = tf.zeros([1, actions.size])
        for network in self.policy, self.average_policy, self.value, self.slow_value:
            network(observation)
        self.discriminator(observation, action)
        self.forward_model(observation, action, self.forward_model.initial_memory(1))
        self.average_policy.set_weights(self.policy.get_weights())
        self.slow_value.set_weights(self.value.get_weights())


class Optimizers(tf.Module):
    """An Adam for each network.

    Args:
      networks: what they change.
      losses: MGAIL's options that have the learning rates.
    """

    def __init__(self, networks: Networks, losses: Losses):
        super().__init__()

        def adam(network, learning_rate):
            optimizer = keras.optimizers.Adam(learning_rate)
            optimizer.build(network.trainable_variables)
            return optimizer

        self.policy = adam(networks.policy, losses.policy_learning_rate)
        self.value = adam(networks.value, losses.value_learning_rate)
        self.discriminator = adam(networks.discriminator, losses.discriminator_learning_rate)
        self.forward_model = adam(networks.forward_model, losses.forward_model_learning_rate)
