"""The forward model s' = f(s, a) (section 3.5, Fig. 4)."""

import keras
import tensorflow as tf

from mgail_tf.networks.layers import DenseStack, PairNetwork, dense


class AdvancedForwardModel(keras.Model):
    """Fig. 4 (bottom): state and action are encoded apart and joined by a Hadamard product.

    Args:
      observation_size: length of an observation.
      width: units of every layer.
      residual: predict the change of the observation instead of the next one.
    """

    def __init__(self, observation_size, width, *, residual=False, weight_stddev=0.0):
        super().__init__()
        weights = {"weight_stddev": weight_stddev}
        self.width, self.residual = width, residual
        self.embed_state = dense(width, "relu", **weights)
        # The reset gate comes before the recurrent product, as in Cho et al. 2014.
        self.gru = keras.layers.GRUCell(width, reset_after=False)
        self.encode_state = dense(width, "sigmoid", **weights)
        self.encode_action = DenseStack([width, width], ["relu", "sigmoid"], **weights)
        self.hidden = DenseStack([width, width, width], **weights)
        self.prediction = dense(observation_size, **weights)

    def initial_memory(self, batch_size):
        """The GRU's state at the start of a segment: [batch_size, width] ones."""
        return tf.ones([batch_size, self.width], self.compute_dtype)

    def call(self, observation, action, memory):
        """One step.

        Args:
          observation: [batch, observation_size] normalised.
          action: [batch, action_size].
          memory: [batch, width] the GRU's state.

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
      num_actions: as in `networks.PairNetwork`.
    """

    def __init__(
        self, observation_size, width, *, num_actions=None, residual=False, weight_stddev=0.0
    ):
        super().__init__()
        self.residual = residual
        self.prediction = PairNetwork(
            [width, width], observation_size, num_actions=num_actions, weight_stddev=weight_stddev
        )

    def initial_memory(self, batch_size):
        """A memory of no components: [batch_size, 0]."""
        return tf.zeros([batch_size, 0], self.compute_dtype)

    def call(self, observation, action, memory):
        """As `AdvancedForwardModel.call`."""
        prediction = self.prediction(observation, action)
        return (observation + prediction if self.residual else prediction), memory


FORWARD_MODELS = {"advanced": AdvancedForwardModel, "basic": BasicForwardModel}


def predict_along(forward_model, segment, history=None):
    """Predicts each next observation of a real segment from the real one before it.

    Args:
      forward_model: the network.
      segment: `replay.Segment`, [length, batch, ...].
      history: number of steps after which the memory starts anew; never if None.

    Returns:
      [length, batch, observation_size].
    """
    length, batch_size = segment.observation.shape[:2]
    predictions = []
    for step in range(length):
        if step == 0 or (history and step % history == 0):
            memory = forward_model.initial_memory(batch_size)
        prediction, memory = forward_model(segment.observation[step], segment.action[step], memory)
        predictions.append(prediction)
    return tf.stack(predictions)


def prediction_loss(forward_model, segment):
    """Mean squared error of the one-step predictions along a segment: a scalar.

    The memory is carried from step to step, so a segment's length is the number of past states
    that the model sees while it trains. Network and segment are as in `predict_along`.
    """
    predictions = predict_along(forward_model, segment)
    error = tf.reduce_mean((predictions - segment.next_observation) ** 2, -1)
    return tf.reduce_sum(segment.alive * error) / tf.reduce_sum(segment.alive)
