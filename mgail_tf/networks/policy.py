"""The policy pi_theta(a|s) (section 3.2), reparameterised: an action is a function of (s, xi).

Both policies return a TFP distribution, and both turn a noise xi that is drawn once into an action:
acting and unrolling with the same xi take the same action, and its derivative with respect to
theta and s is the one of Eq. 10.
"""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from mgail_tf.networks.layers import DenseStack, dense

tfd = tfp.distributions


@tf.custom_gradient
def move_to_bounds(action, low, high):
    """Clips an action as the environment does; its derivative never leads further out."""

    def gradient(message):
        # Descent moves the action against `message`.
        further_out = ((action > high) & (message < 0.0)) | ((action < low) & (message > 0.0))
        return tf.where(further_out, tf.zeros_like(message), message), None, None

    return tf.clip_by_value(action, low, high), gradient


class GaussianPolicy(keras.Model):
    """Continuous actions (section 3.2.1): a = mu(s) + xi * sigma, xi ~ N(0, 1).

    Args:
      size: number of action components.
      hidden: widths of the hidden layers.
      stddev: [size] or scalar, sigma's (initial) value.
      learn_stddev: sigma(s) is learned as Eq. 10 has it, else it is the constant `stddev`.
      low, high: [size] or scalar, bounds of the action; see `move_to_bounds`.

    Attributes:
      noise_share: a scalar variable, 1 at first; sigma is multiplied by it.
    """

    noise = tfd.Normal(0.0, 1.0)

    def __init__(
        self,
        size,
        hidden,
        stddev,
        *,
        learn_stddev=False,
        low=-float("inf"),
        high=float("inf"),
        activation="relu",
        dropout=0.0,
        weight_stddev=0.0,
    ):
        super().__init__()
        self.hidden = DenseStack(hidden, activation, dropout=dropout, weight_stddev=weight_stddev)
        self.mean = dense(size, weight_stddev=weight_stddev)
        self.log_stddev = dense(size, weight_stddev=weight_stddev) if learn_stddev else None
        self.initial_stddev = tf.constant(stddev, self.compute_dtype) * tf.ones(
            size, self.compute_dtype
        )
        self.noise_share = self.add_weight(
            name="noise_share", shape=(), initializer="ones", trainable=False
        )
        self.low, self.high = low, high

    def call(self, observation, training=False):
        """[..., observation_size] -> MultivariateNormalDiag over [..., size]."""
        features = self.hidden(observation, training=training)
        mean = self.mean(features)
        stddev = tf.broadcast_to(self.initial_stddev, tf.shape(mean))
        if self.log_stddev is not None:
            stddev *= tf.exp(tf.clip_by_value(self.log_stddev(features), -3.0, 3.0))
        return tfd.MultivariateNormalDiag(mean, self.noise_share * stddev)

    def sample(self, observation, noise, training=False):
        """The action of noise xi: [..., observation_size], [..., size] -> [..., size] (Eq. 10)."""
        distribution = self(observation, training=training)
        action = distribution.mean() + distribution.stddev() * noise
        return move_to_bounds(action, self.low, self.high)

    def mode(self, observation):
        """The most likely action, within the bounds: [..., size]."""
        return tf.clip_by_value(self(observation).mean(), self.low, self.high)


def straight_through(scores: tf.Tensor, temperature: float) -> tf.Tensor:
    """The one-hot arg max of scores [..., size], with the derivative of their softmax.

    Scores are logits plus Gumbel noise.
    """
    relaxed = tf.nn.softmax(scores / temperature)
    one_hot = tf.one_hot(tf.argmax(relaxed, -1), relaxed.shape[-1], dtype=relaxed.dtype)
    return tf.stop_gradient(one_hot) + (relaxed - tf.stop_gradient(relaxed))


class CategoricalPolicy(keras.Model):
    """Discrete actions (section 3.2.2): relaxed one-hot samples with straight-through arg max.

    Args:
      size: number of actions.
      hidden: widths of the hidden layers.
      temperature: tau of the Gumbel-Softmax.
    """

    noise = tfd.Gumbel(0.0, 1.0)

    def __init__(
        self, size, hidden, *, temperature=1.0, activation="relu", dropout=0.0, weight_stddev=0.0
    ):
        super().__init__()
        self.hidden = DenseStack(hidden, activation, dropout=dropout, weight_stddev=weight_stddev)
        self.logits = dense(size, weight_stddev=weight_stddev)
        self.temperature = temperature

    def call(self, observation, training=False):
        """[..., observation_size] -> RelaxedOneHotCategorical over [..., size]."""
        logits = self.logits(self.hidden(observation, training=training))
        return tfd.RelaxedOneHotCategorical(self.temperature, logits=logits)

    def sample(self, observation, noise, training=False):
        """The one-hot action of Gumbel noise g [..., size]; its derivative is the softmax's."""
        logits = self(observation, training=training).logits
        return straight_through(logits + noise, self.temperature)

    def mode(self, observation):
        """The most likely action, one-hot: [..., size]."""
        logits = self(observation).logits
        return tf.one_hot(tf.argmax(logits, -1), logits.shape[-1])
