"""What the three networks are built from."""

import keras
import tensorflow as tf


def dense(units, activation=None, *, weight_stddev=0.0):
    """A dense layer; weights from N(0, weight_stddev^2), or Glorot's where that is 0."""
    if weight_stddev:
        initializer = keras.initializers.RandomNormal(stddev=weight_stddev)
    else:
        initializer = keras.initializers.GlorotUniform()
    return keras.layers.Dense(units, activation, kernel_initializer=initializer)


class DenseStack(keras.layers.Layer):
    """Dense layers one behind the other, [..., n] -> [..., widths[-1]].

    Args:
      widths: their units.
      activations: one for all, or one for each.
      dropout: rate of dropout after the last of them.
      weight_stddev: as in `dense`.
    """

    def __init__(self, widths, activations="relu", *, dropout=0.0, weight_stddev=0.0):
        super().__init__()
        if isinstance(activations, str):
            activations = [activations] * len(widths)
        self.denses = [
            dense(width, activation, weight_stddev=weight_stddev)
            for width, activation in zip(widths, activations, strict=True)
        ]
        # Checkpoints follow attributes, not Keras's lists.
        for index, layer in enumerate(self.denses):
            setattr(self, f"dense_{index}", layer)
        self.dropout = keras.layers.Dropout(dropout) if dropout else None

    def call(self, inputs, training=False):
        for layer in self.denses:
            inputs = layer(inputs)
        return self.dropout(inputs, training=training) if self.dropout else inputs


class DensePerAction(keras.layers.Layer):
    """A dense layer for each of some discrete actions; the output is linear in the one-hot action.

    Not in the paper. A network that has the action among its inputs only ever sees one-hot ones,
    and its derivative there, which the policy follows (Eq. 9 and 11), need not point to the better
    action. This one's is exactly what another action would change.

    Args:
      units: length of the output.
      num_actions: number of actions.
      weight_stddev: as in `dense`.
    """

    def __init__(self, units, num_actions, *, weight_stddev=0.0):
        super().__init__()
        self.sizes = units, num_actions
        self.dense = dense(units * num_actions, weight_stddev=weight_stddev)

    def call(self, features, action):
        """[..., n], [..., num_actions] -> [..., units]."""
        outputs = self.dense(features)
        outputs = tf.reshape(outputs, tf.concat([tf.shape(outputs)[:-1], self.sizes], 0))
        return tf.linalg.matvec(outputs, action)


class PairNetwork(keras.layers.Layer):
    """A network of observation and action, [..., n] and [..., m] -> [..., units].

    Args:
      hidden: widths of the hidden layers.
      units: length of the output.
      num_actions: of discrete actions, which then have outputs each (`DensePerAction`) instead of
        being among the inputs; None for others.
      dropout, weight_stddev: as in `DenseStack`.
    """

    def __init__(self, hidden, units, *, num_actions=None, dropout=0.0, weight_stddev=0.0):
        super().__init__()
        self.hidden = DenseStack(hidden, dropout=dropout, weight_stddev=weight_stddev)
        self.per_action = num_actions is not None
        if self.per_action:
            self.outputs = DensePerAction(units, num_actions, weight_stddev=weight_stddev)
        else:
            self.outputs = dense(units, weight_stddev=weight_stddev)

    def call(self, observation, action, training=False):
        if self.per_action:
            return self.outputs(self.hidden(observation, training=training), action)
        pair = tf.concat([observation, action], -1)
        return self.outputs(self.hidden(pair, training=training))
