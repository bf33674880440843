"""Encoders: from the environment's observations and actions to those of the networks, and back."""

import math
from typing import Protocol

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.networks.parts import Parts

ChoiceSpace = (
    gymnasium.spaces.Discrete | gymnasium.spaces.MultiDiscrete | gymnasium.spaces.MultiBinary
)


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
      mean, stddev: of the actions to normalise, in the shape of the space; a component that never
        varies is shifted only.

    Attributes:
      discrete: false.
      size: number of components, whatever their shape.
      mean, stddev: [size] what is subtracted from the environment's, and what they are divided by.
      low, high: [size] the environment's bounds, normalised; infinite where there are none.
    """

    discrete = False

    def __init__(self, space: gymnasium.spaces.Box, mean: np.ndarray, stddev: np.ndarray):
        super().__init__()
        self.size = math.prod(space.shape)
        self._space = space
        self._whole = np.issubdtype(space.dtype, np.integer)
        self.mean = tf.constant(mean.ravel(), tf.float32)
        self.stddev = _scale(stddev.ravel())
        self.low, self.high = self.encode(space.low), self.encode(space.high)

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[..., *shape] the environment's -> [..., size] the networks'."""
        action = _flatten(tf.cast(action, tf.float32), self._space.shape)
        return (action - self.mean) / self.stddev

    def decode(self, action: tf.Tensor) -> tf.Tensor:
        """[..., size] the networks' -> [..., *shape] the environment's, within its bounds."""
        action = _unflatten(action * self.stddev + self.mean, self._space.shape)
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
    """Turns choices into one-hot vectors.

    `Discrete` actions are one choice. `MultiDiscrete` and `MultiBinary` actions are several, and
    have a one-hot vector for each of them, in a row.

    Args:
      space: the environment's action space.

    Attributes:
      discrete: true.
      parts: where each choice's one-hot vector is.
      size: number of alternatives, of all choices together.
      start: [choices] the number of each one's first alternative.
    """

    discrete = True

    def __init__(self, space: ChoiceSpace):
        super().__init__()
        if isinstance(space, gymnasium.spaces.MultiBinary):
            alternatives, start = np.full(space.shape, 2), 0
        else:
            one = isinstance(space, gymnasium.spaces.Discrete)
            alternatives, start = np.asarray(space.n if one else space.nvec), space.start
        self.parts = Parts(alternatives.ravel().tolist())
        self.size = self.parts.size
        self.start = np.broadcast_to(start, alternatives.shape).ravel().astype(np.int64)
        self._shape, self._dtype = alternatives.shape, space.dtype

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[..., *shape] the environment's -> [..., size] one-hot."""
        choices = _flatten(tf.cast(action, tf.int64), self._shape) - self.start
        return self.parts.one_hot(choices)

    def decode(self, action: tf.Tensor) -> tf.Tensor:
        """[..., size] one-hot -> [..., *shape] the environment's."""
        choices = self.parts.choices(action) + self.start
        return tf.cast(_unflatten(choices, self._shape), self._dtype)


def action_encoder(
    space: gymnasium.Space, mean: float | np.ndarray = 0.0, stddev: float | np.ndarray = 1.0
) -> BoxActionEncoder | DiscreteActionEncoder:
    """Makes the encoder for an action space; `mean` and `stddev` matter for a Box only.

    Raises:
      TypeError: the space is none of `Box`, `Discrete`, `MultiDiscrete` and `MultiBinary`.
    """
    if isinstance(space, ChoiceSpace):
        return DiscreteActionEncoder(space)
    if isinstance(space, gymnasium.spaces.Box):
        ones = np.ones(space.shape, np.float32)
        return BoxActionEncoder(space, mean * ones, stddev * ones)
    raise TypeError(f"no encoder for {space}")


def _flatten(values: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """[..., *shape] -> [..., size]."""
    leading = values.shape.rank - len(shape)
    return tf.reshape(values, tf.concat([tf.shape(values)[:leading], [math.prod(shape)]], 0))


def _unflatten(values: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """[..., size] -> [..., *shape]."""
    return tf.reshape(values, tf.concat([tf.shape(values)[:-1], np.array(shape, np.int32)], 0))


def _scale(stddev: np.ndarray) -> tf.Tensor:
    """Returns what components are divided by: [size]; 1 where they vary by less than 1e-3."""
    return tf.constant(np.where(stddev > 1e-3, stddev, 1.0), tf.float32)
