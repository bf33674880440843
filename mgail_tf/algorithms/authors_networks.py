"""The three networks as the authors use them: dropout, initial weights, a memory that is not kept.

Dropout is treated like the noise xi: a mask is drawn by whoever acts, and given to the network. So
the unrolled objective takes the very action that was taken, and a resumed run draws the same masks.
"""

import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.networks.build import AnyActionEncoder, make_forward_model, make_policy
from mgail_tf.networks.discriminator import Discriminator
from mgail_tf.networks.policy import GaussianPolicy, straight_through


class AuthorsNetworks(tf.Module):
    """Policy, discriminator and forward model.

    Args:
      options: `AuthorsOptions`.
      observation_size: length of an observation.
      actions: the action encoding.
      sigma: [action_size] the policy's standard deviation, normalised; for continuous actions.
      seed: of the initial weights.
    """

    def __init__(
        self,
        options: AuthorsOptions,
        observation_size: int,
        actions: AnyActionEncoder,
        sigma: np.ndarray | None,
        seed: int,
    ) -> None:
        super().__init__()
        self._temperature = options.temperature
        self.policy = make_policy(
            actions,
            options.policy_hidden,
            noise_stddev=0.0 if sigma is None else sigma,
            temperature=options.temperature,
        )
        self.discriminator = Discriminator(options.discriminator_hidden)
        self.forward_model = make_forward_model(
            options.forward_model, observation_size, actions, options.forward_model_width
        )
        observation, action = tf.zeros([1, observation_size]), tf.zeros([1, actions.size])
        self.policy(observation)
        self.discriminator(observation, action)
        self.predict(observation, action)
        generator = np.random.default_rng(seed)
        for network in self.policy, self.discriminator, self.forward_model:
            draw_weights(network, options.weight_stddev, generator)

    def act(self, observation: tf.Tensor, noise: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The policy's actions.

        Args:
          observation: [batch, observation_size].
          noise: [batch, action_size] what is added to the mean, or to the logits.
          mask: [batch, last hidden layer's width] what its units are multiplied by.

        Returns:
          [batch, action_size]; continuous ones are not within the environment's bounds, discrete
          ones are one-hot with the derivative of the softmax.
        """
        features = self.policy.hidden(observation) * mask
        if isinstance(self.policy, GaussianPolicy):
            return self.policy.mean(features) + noise
        # Theirs (9) hands the softmax itself to the networks; the straight-through is the paper's.
        scores = self.policy.logits(features) + noise
        return straight_through(scores, self._temperature, self.policy.parts)

    def classify(self, observation: tf.Tensor, action: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The discriminator's logits [batch, 2] of pairs; mask as in `act`."""
        layers = self.discriminator.logits
        return layers.outputs(layers.hidden(tf.concat([observation, action], -1)) * mask)

    def predict(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """The forward model's next observations [batch, observation_size].

        Theirs: the GRU's memory is one of ones at every step, so it remembers nothing.
        """
        # One row for the whole batch, so that its product is computed once.
        memory = self.forward_model.initial_memory(1)
        return self.forward_model(observation, action, memory)[0]


def draw_weights(network: keras.Model, stddev: float, generator: np.random.Generator) -> None:
    """Draws all weights from N(0, stddev^2): theirs (7), biases and the GRU's too."""
    for weight in network.trainable_variables:
        weight.assign(generator.normal(0.0, stddev, weight.shape))
