"""Encoders: from the environment's observations and actions to those of the networks, and back."""

from typing import Protocol

import gymnasium
import numpy as np
import tensorflow as tf


class ActionEncoder(Protocol):
    """What all encoders of actions have in common.

    Attributes:
      discrete: whether the networks see one-hot vectors, rather than numbers.
      size: length of an action as the networks see it.
    """

    @property
    def discrete(self) -> bool: ...

    @property
    def size(self) -> int: ...

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Turns the environment's actions into the networks'."""
        ...

    def decode(self, action: tf.Tensor) -> tf.Tensor:
        """Turns the networks' actions into the environment's, within its bounds."""
        ...


class ObservationEncoder(tf.Module):
    """Normalises and clips observations.

    Args:
      mean, stddev: [size] of the observations to normalise; a component that never varies is
        shifted only.
      limit: normalised components are clipped to [-limit, limit].

    Attributes:
      size: length of an observation.
    """

    def __init__(self, mean: np.ndarray, stddev: np.ndarray, limit: float):
        super().__init__()
        self.size = len(mean)
        self.mean = tf.constant(mean, tf.float32)
        self.stddev = _scale(stddev)
        self.limit = limit

    def encode(self, observation: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[..., size] as the environment gives them -> [..., size] as the networks see them."""
        normalized = (tf.cast(observation, tf.float32) - self.mean) / self.stddev
        return tf.clip_by_value(normalized, -self.limit, self.limit)


class BoxActionEncoder(tf.Module):
    """Normalises continuous actions.

    Args:
      space: the environment's action space.
      mean, stddev: [size] of the actions to normalise; a component that never varies is shifted
        only.

    Attributes:
      discrete: false.
      size: number of components.
      mean, stddev: [size] what is subtracted from the environment's, and what they are divided by.
      low, high: [size] the environment's bounds, normalised; infinite where there are none.
    """

    discrete = False

    def __init__(self, space: gymnasium.spaces.Box, mean: np.ndarray, stddev: np.ndarray):
        super().__init__()
        self.size = space.shape[0]
        self._space = space
        self._whole = np.issubdtype(space.dtype, np.integer)
        self.mean = tf.constant(mean, tf.float32)
        self.stddev = _scale(stddev)
        self.low, self.high = self.encode(space.low), self.encode(space.high)

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[..., size] the environment's -> [..., size] the networks'."""
        return (tf.cast(action, tf.float32) - self.mean) / self.stddev

    def decode(self, action: tf.Tensor) -> tf.Tensor:
        """[..., size] the networks' -> [..., size] the environment's, within its bounds."""
        action = action * self.stddev + self.mean
        dtype, low, high = self._space.dtype, self._space.low, self._space.high
        if self._whole:
            # Casts of numbers that a type does not have wrap around.
            action = tf.clip_by_value(tf.round(action), np.float32(low), np.float32(high))
            return tf.cast(action, dtype)
        return tf.clip_by_value(tf.cast(action, dtype), low, high)

    def executed(self, action: tf.Tensor) -> tf.Tensor:
        """Rounds an action within the bounds as the environment does: [..., size], the networks'.

        Only spaces of integers are rounded. The derivative is the identity's, because the true one
        is 0 and would teach a policy nothing.
        """
        if not self._whole:
            return action

        def rounded(action: tf.Tensor) -> tf.Tensor:
            return (tf.round(action * self.stddev + self.mean) - self.mean) / self.stddev

        return tf.grad_pass_through(rounded)(action)


class DiscreteActionEncoder(tf.Module):
    """Turns discrete actions into one-hot vectors.

    Attributes:
      discrete: true.
      size: number of actions.
    """

    discrete = True

    def __init__(self, space: gymnasium.spaces.Discrete):
        super().__init__()
        self.size = int(space.n)
        self._start = int(space.start)

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[...] the environment's -> [..., size] one-hot."""
        return tf.one_hot(tf.cast(action, tf.int32) - self._start, self.size)

    def decode(self, action: tf.Tensor) -> tf.Tensor:
        """[..., size] one-hot -> [...] int64 the environment's."""
        return tf.argmax(action, -1) + self._start


def action_encoder(
    space: gymnasium.Space, mean: float | np.ndarray = 0.0, stddev: float | np.ndarray = 1.0
) -> BoxActionEncoder | DiscreteActionEncoder:
    """Makes the encoder for an action space; `mean` and `stddev` [size] matter for a Box only.

    Raises:
      TypeError: the space is neither `Box` nor `Discrete`.
    """
    if isinstance(space, gymnasium.spaces.Discrete):
        return DiscreteActionEncoder(space)
    if isinstance(space, gymnasium.spaces.Box):
        ones = np.ones(space.shape, np.float32)
        return BoxActionEncoder(space, mean * ones, stddev * ones)
    raise TypeError(f"no encoder for {space}")


def _scale(stddev: np.ndarray) -> tf.Tensor:
    """Returns what components are divided by: [size]; 1 where they vary by less than 1e-3."""
    return tf.constant(np.where(stddev > 1e-3, stddev, 1.0), tf.float32)
