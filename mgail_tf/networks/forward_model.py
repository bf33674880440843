"""The forward model s' = f(s, a) (section 3.5, Fig. 4)."""

import keras
import tensorflow as tf

from mgail_tf.networks.layers import DenseStack, PairNetwork


class AdvancedForwardModel(keras.Model):
    """Fig. 4 (bottom): state and action are encoded apart and joined by a Hadamard product.

    Args:
      observation_size: length of an observation.
      width: units of every layer.
      residual: predict the change of the observation instead of the next observation.
    """

    def __init__(self, observation_size: int, width: int, *, residual: bool = False):
        super().__init__()
        self.width, self.residual = width, residual
        self.embed_state = keras.layers.Dense(width, "relu")
        # Cho et al. (2014), whom the paper cites, reset the memory before the recurrent product.
        self.gru = keras.layers.GRUCell(width, reset_after=False)
        self.encode_state = keras.layers.Dense(width, "sigmoid")
        self.encode_action = DenseStack([width, width], ["relu", "sigmoid"])
        self.hidden = DenseStack([width, width, width])
        self.prediction = keras.layers.Dense(observation_size)

    def initial_memory(self, batch_size: int) -> tf.Tensor:
        """The GRU's state at the start of a segment: [batch_size, width] ones."""
        return tf.ones([batch_size, self.width], self.compute_dtype)

    def call(
        self, observation: tf.Tensor, action: tf.Tensor, memory: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Predicts one step.

        Args:
          observation: [batch, observation_size] normalised.
          action: [batch, action_size].
          memory: [batch, width], the GRU's state.

        Returns:
          The predicted next observation [batch, observation_size], and the new memory.
        """
        encoded, [memory] = self.gru(self.embed_state(observation), [memory])
        joint = self.encode_state(encoded) * self.encode_action(action)
        prediction = self.prediction(self.hidden(joint))
        return (observation + prediction if self.residual else prediction), memory


class BasicForwardModel(keras.Model):
    """Fig. 4 (top): concatenation and two layers; it has no memory.

    Args:
      observation_size, width, residual: as of `AdvancedForwardModel`.
      num_actions: as in `layers.PairNetwork`.
    """

    def __init__(
        self,
        observation_size: int,
        width: int,
        *,
        num_actions: int | None = None,
        residual: bool = False,
    ):
        super().__init__()
        self.residual = residual
        self.prediction = PairNetwork([width, width], observation_size, num_actions=num_actions)

    def initial_memory(self, batch_size: int) -> tf.Tensor:
        """A memory of no components: [batch_size, 0]."""
        return tf.zeros([batch_size, 0], self.compute_dtype)

    def call(
        self, observation: tf.Tensor, action: tf.Tensor, memory: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """As `AdvancedForwardModel.call`."""
        prediction = self.prediction(observation, action)
        return (observation + prediction if self.residual else prediction), memory


ForwardModel = AdvancedForwardModel | BasicForwardModel
