"""The policy pi_theta(a|s) (section 3.2), reparameterised: an action is a function of (s, xi).

Both policies return a TFP distribution, and both turn a noise xi that is drawn once into an action.
So acting and unrolling with the same xi take the same action, and its derivative with respect to
theta and s is the one of Eq. 10.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from mgail_tf.networks.layers import DenseStack
from mgail_tf.networks.parts import Parts

tfd: Any = tfp.distributions

# How far the logarithm of a learned sigma may be from that of its initial value.
LOG_STDDEV_LIMIT = 3.0


@tf.custom_gradient
def move_to_bounds(action, low, high):
    """Clips an action as the environment does.

    Its gradient is zero where descent would push the action further outside.
    """

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
      learn_stddev: whether sigma(s) is learned (Eq. 10); otherwise it is the constant `stddev`.
      low, high: [size] or scalar, bounds of the action; see `move_to_bounds`.
      executed: what the environment makes of an action within the bounds; it rounds actions that
        are whole numbers.
      activation: of the hidden layers.

    Attributes:
      noise: the distribution of each component of xi.
      noise_scale: a scalar variable, 1 at first; sigma is multiplied by it.
    """

    noise = tfd.Normal(0.0, 1.0)

    def __init__(
        self,
        size: int,
        hidden: Sequence[int],
        stddev: Any,
        *,
        learn_stddev: bool = False,
        low: Any = -float("inf"),
        high: Any = float("inf"),
        executed: Callable[[tf.Tensor], tf.Tensor] = lambda action: action,
        activation: str = "relu",
    ):
        super().__init__()
        self.hidden = DenseStack(hidden, activation)
        self.mean = keras.layers.Dense(size)
        self.log_stddev = keras.layers.Dense(size) if learn_stddev else None
        self.initial_stddev = tf.constant(stddev, self.compute_dtype) * tf.ones(
            size, self.compute_dtype
        )
        self.noise_scale = self.add_weight(
            name="noise_scale", shape=(), initializer="ones", trainable=False
        )
        self.low, self.high, self._executed = low, high, executed

    @property
    def layers_to_action(self) -> list[keras.layers.Dense]:
        """The dense layers from the observation to the mean."""
        return [*self.hidden.denses, self.mean]

    def call(self, observation: tf.Tensor) -> Any:
        """[..., observation_size] -> MultivariateNormalDiag over [..., size]."""
        features = self.hidden(observation)
        mean = self.mean(features)
        stddev = tf.broadcast_to(self.initial_stddev, tf.shape(mean))
        if self.log_stddev is not None:
            limit = LOG_STDDEV_LIMIT
            stddev *= tf.exp(tf.clip_by_value(self.log_stddev(features), -limit, limit))
        return tfd.MultivariateNormalDiag(mean, self.noise_scale * stddev)

    def sample(self, observation: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """The action of noise xi: [..., observation_size], [..., size] -> [..., size] (Eq. 10)."""
        distribution = self(observation)
        action = distribution.mean() + distribution.stddev() * noise
        return self._executed(move_to_bounds(action, self.low, self.high))

    def log_likelihood(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """The log density of actions: [..., observation_size], [..., size] -> [...]."""
        return self(observation).log_prob(action)

    def cloning_loss(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """Half the squared distance of the mean from demonstrated actions, [...].

        Up to a constant it is -log pi(a|s) of a deviation of 1. That of sigma would make cloning
        the heavier the smaller the noise is.

        Args:
          observation: [..., observation_size].
          action: [..., size].
        """
        return 0.5 * tf.reduce_sum((self(observation).mean() - action) ** 2, -1)

    def cloning_loss_of_a_constant(self, action: tf.Tensor) -> tf.Tensor:
        """The mean cloning loss of the best action that is always the same: [batch, size] -> []."""
        return 0.5 * tf.reduce_sum(tf.math.reduce_variance(action, 0))

    def mode(self, observation: tf.Tensor) -> tf.Tensor:
        """The most likely action, within the bounds: [..., size]."""
        mean = self(observation).mean()
        return self._executed(tf.clip_by_value(mean, self.low, self.high))

    def set_noise_scale(self, scale: tf.Tensor) -> None:
        """Makes sigma `scale` times what it was at first."""
        self.noise_scale.assign(scale)


def straight_through(scores: tf.Tensor, temperature: float, parts: Parts) -> tf.Tensor:
    """The one-hot arg max of each part of scores [..., size], with the derivative of its softmax.

    Args:
      scores: logits plus Gumbel noise.
      temperature: tau of the softmax.
      parts: the parts, each of which is a choice.
    """
    relaxed = parts.join(tf.nn.softmax(parts.split(scores) / temperature))
    one_hot = parts.one_hot(parts.choices(relaxed), relaxed.dtype)
    return tf.stop_gradient(one_hot) + (relaxed - tf.stop_gradient(relaxed))


class CategoricalPolicy(keras.Model):
    """Discrete actions (section 3.2.2): relaxed one-hot samples with straight-through arg max.

    An action may have several parts, each of which is a choice of its own. Given the observation,
    the parts are independent.

    Args:
      sizes: number of choices, of each part if there are several.
      hidden: widths of the hidden layers.
      temperature: tau of the Gumbel-Softmax.
      activation: of the hidden layers.

    Attributes:
      noise: the distribution of each component of the Gumbel noise.
      parts: where each part is in an action.
    """

    noise = tfd.Gumbel(0.0, 1.0)

    def __init__(
        self,
        sizes: int | Sequence[int],
        hidden: Sequence[int],
        *,
        temperature: float = 1.0,
        activation: str = "relu",
    ):
        super().__init__()
        self.parts = Parts([sizes] if isinstance(sizes, int) else sizes)
        self.hidden = DenseStack(hidden, activation)
        self.logits = keras.layers.Dense(self.parts.size)
        self.temperature = temperature

    @property
    def layers_to_action(self) -> list[keras.layers.Dense]:
        """The dense layers from the observation to the logits."""
        return [*self.hidden.denses, self.logits]

    def call(self, observation: tf.Tensor) -> Any:
        """[..., observation_size] -> a RelaxedOneHotCategorical of each part, over [..., size]."""
        each = tf.split(self.logits(self.hidden(observation)), self.parts.sizes, -1)
        return tfd.Blockwise(
            [tfd.RelaxedOneHotCategorical(self.temperature, logits=logits) for logits in each]
        )

    def sample(self, observation: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """The one-hot action of Gumbel noise g [..., size]; its derivative is the softmax's."""
        scores = self.logits(self.hidden(observation)) + noise
        return straight_through(scores, self.temperature, self.parts)

    def log_likelihood(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """The log probability of one-hot actions: [..., observation_size], [..., size] -> [...]."""
        logits = self.parts.split(self.logits(self.hidden(observation)))
        return tf.reduce_sum(action * self.parts.join(tf.nn.log_softmax(logits)), -1)

    def cloning_loss(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """-log pi(a|s) of demonstrated actions: [..., observation_size], [..., size] -> [...]."""
        return -self.log_likelihood(observation, action)

    def cloning_loss_of_a_constant(self, action: tf.Tensor) -> tf.Tensor:
        """The mean cloning loss of the best policy that sees nothing: [batch, size] -> []."""
        frequency = tf.reduce_mean(action, 0)
        return -tf.reduce_sum(tf.math.xlogy(frequency, frequency))

    def mode(self, observation: tf.Tensor) -> tf.Tensor:
        """The most likely action, one-hot in each part: [..., size]."""
        logits = self.logits(self.hidden(observation))
        return self.parts.one_hot(self.parts.choices(logits))

    def set_noise_scale(self, scale: tf.Tensor) -> None:
        """Does nothing: the Gumbel noise is what makes the actions those of the distribution."""


Policy = GaussianPolicy | CategoricalPolicy
