"""The layers that the networks are built from."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class DenseStack(keras.layers.Layer):
    """Dense layers in a row, [..., n] -> [..., widths[-1]].

    Args:
      widths: units of each layer.
      activations: one name for all layers, or one for each.
    """

    def __init__(self, widths: Sequence[int], activations: str | Sequence[str] = "relu"):
        super().__init__()
        if isinstance(activations, str):
            activations = [activations] * len(widths)
        self.denses = [
            keras.layers.Dense(width, activation)
            for width, activation in zip(widths, activations, strict=True)
        ]
        # A checkpoint finds layers by attribute; it does not look into the lists of Keras layers.
        for index, layer in enumerate(self.denses):
            setattr(self, f"dense_{index}", layer)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        for layer in self.denses:
            inputs = layer(inputs)
        return inputs


class DensePerAction(keras.layers.Layer):
    """A dense layer for each discrete action: the output is linear in the one-hot action.

    Not in the paper. The policy follows the derivative with respect to the action (Eq. 9 and 11).
    A network that has the action among its inputs is trained on one-hot actions only, so its
    derivative there need not point to the better action. The derivative of this layer is exactly
    the difference that another action would make.

    Args:
      units: length of the output.
      num_actions: number of actions.
    """

    def __init__(self, units: int, num_actions: int):
        super().__init__()
        self.sizes = units, num_actions
        self.dense = keras.layers.Dense(units * num_actions)

    def call(self, features: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """[..., n], [..., num_actions] -> [..., units]."""
        outputs = self.dense(features)
        outputs = tf.reshape(outputs, tf.concat([tf.shape(outputs)[:-1], self.sizes], 0))
        return tf.linalg.matvec(outputs, action)


class PairNetwork(keras.layers.Layer):
    """A network of observation and action, [..., n] and [..., m] -> [..., units].

    Args:
      hidden: widths of the hidden layers.
      units: length of the output.
      num_actions: None if the action is an input beside the observation. A number of discrete
        actions if each of them has outputs of its own (`DensePerAction`) instead.
      activation: of the hidden layers.
    """

    def __init__(
        self,
        hidden: Sequence[int],
        units: int,
        *,
        num_actions: int | None = None,
        activation: str = "relu",
    ):
        super().__init__()
        self.hidden = DenseStack(hidden, activation)
        self.per_action = num_actions is not None
        if num_actions is not None:
            self.outputs = DensePerAction(units, num_actions)
        else:
            self.outputs = keras.layers.Dense(units)

    def call(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        if self.per_action:
            return self.outputs(self.hidden(observation), action)
        return self.outputs(self.hidden(tf.concat([observation, action], -1)))
