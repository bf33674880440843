"""Encoders: from the environment's observations and actions to those of the networks, and back."""

from collections.abc import Sequence
import math
from typing import Any, Protocol

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.float_types import float_type
from mgail_tf.networks.parts import Parts
from mgail_tf.networks.statistics import ROUNDING_STEPS

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

    @property
    def variables(self) -> Sequence[tf.Variable]: ...

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Turns the environment's actions into the networks'."""
        ...

    def decode(self, action: tf.Tensor, dtype: Any = None) -> tf.Tensor:
        """Turns the networks' actions into the environment's, within its bounds.

        Args:
          action: the networks'.
          dtype: the float type to calculate in, if not the one that the space needs; then actions
            that are not whole numbers are of this type.
        """
        ...


class ObservationEncoder(tf.Module):
    """Normalises and clips observations.

    A component that the demonstrations leave constant has no scale. It is seen as 0 until the agent
    makes it vary; from then on its scale is how far the agent has got from the demonstrated value
    (`widen`).

    Args:
      mean, stddev: [size] of the observations to normalise; 0 for a component that is constant.
      limit: normalised components are clipped to [-limit, limit].
      dtype: of the environment's observations; the encoder has its `float_type`.
      resolution: scalar or [size], the relative rounding step of the demonstrated ones.

    Attributes:
      size: length of an observation.
      dtype: as given.
      constant: [size] bool, which components the demonstrations leave constant.
      mean, stddev: [size] what is subtracted (float64), and what is divided by (float32): infinity
        for a component without a scale.
    """

    def __init__(
        self,
        mean: np.ndarray,
        stddev: np.ndarray,
        limit: float,
        dtype: Any = np.float32,
        resolution: float | np.ndarray = 0.0,
    ):
        super().__init__()
        self.size, self.limit, self.dtype = len(mean), limit, tf.as_dtype(float_type(dtype))
        self.constant = np.asarray(stddev) == 0.0
        # Variables, so that a checkpoint holds what its networks have learned with.
        self.mean = tf.Variable(mean, dtype=tf.float64, trainable=False)
        scale = np.where(self.constant, np.inf, stddev)
        self.stddev = tf.Variable(scale, dtype=tf.float32, trainable=False)
        self._resolution = np.asarray(resolution, np.float64)

    def encode(self, observation: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[..., size] as the environment gives them -> [..., size] as the networks see them."""
        return tf.clip_by_value(self._shift(observation) / self.stddev, -self.limit, self.limit)

    def widen(self, observation: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Gives the constant components scales that fit the agent's observations [..., size].

        Returns:
          [size], what observations that were encoded before have to be multiplied by.
        """
        observation = tf.cast(observation, tf.float64)
        distance = tf.abs(observation - self.mean)
        largest = tf.maximum(tf.abs(observation), tf.abs(self.mean))
        rounding = distance <= ROUNDING_STEPS * self._resolution * largest
        distance = tf.where(rounding | ~self.constant, tf.zeros_like(distance), distance)
        farthest = tf.cast(tf.reduce_max(tf.reshape(distance, [-1, self.size]), 0), tf.float32)
        unknown = tf.math.is_inf(self.stddev)
        first = tf.where(farthest > 0.0, farthest, np.inf)
        widened = tf.where(unknown, first, tf.maximum(self.stddev, farthest))
        # Without a scale they were encoded as 0, which is right in any.
        factor = tf.where(unknown, 1.0, self.stddev / widened)
        self.stddev.assign(widened)
        return factor

    def adopt(self, stddev: np.ndarray) -> None:
        """Gives components without a scale those of another encoder: [size]."""
        self.stddev.assign(tf.where(tf.math.is_inf(self.stddev), stddev, self.stddev))

    def _shift(self, observation: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Subtracts the mean in the float type that the observation has."""
        observation = tf.convert_to_tensor(observation)
        if observation.dtype not in (tf.float32, tf.float64):
            observation = tf.cast(observation, self.dtype)
        return tf.cast(observation - tf.cast(self.mean, observation.dtype), tf.float32)


class BoxActionEncoder(tf.Module):
    """Normalises continuous actions.

    Args:
      space: the environment's action space.
      mean, stddev: [size] of the actions to normalise; 0 for a component that is constant, whose
        scale is then half of what the space allows, or one for whole numbers and where the space
        allows one number only.

    Attributes:
      discrete: false.
      size: number of components, whatever their shape.
      mean, stddev: [size] what is subtracted from the environment's (float64), and what they are
        divided by (float32).
      low, high: [size] the environment's bounds, normalised; infinite where there are none.
      half_range: [size] half of the bounds' distance, not normalised.
    """

    discrete = False

    def __init__(self, space: gymnasium.spaces.Box, mean: np.ndarray, stddev: np.ndarray):
        super().__init__()
        self.size = math.prod(space.shape)
        self._space = space
        self._whole = np.issubdtype(space.dtype, np.integer)
        self._dtype = tf.as_dtype(float_type(space.dtype))
        self.mean = tf.Variable(mean, dtype=tf.float64, trainable=False)
        # Some spaces say with the largest number of 32 bits that they have no bounds.
        with np.errstate(over="ignore"):
            distance = (space.high.astype(np.float64) - space.low).astype(np.float32)
        self.half_range = distance.ravel() / 2.0
        # Whole numbers have a unit: one. So has what the bounds leave no choice.
        has_unit = self._whole | (self.half_range == 0.0)
        allowed = np.where(has_unit, 1.0, self.half_range)
        scale = _action_scale(allowed, mean, stddev)
        self.stddev = tf.Variable(scale, dtype=tf.float32, trainable=False)
        self.low, self.high = self.encode(space.low), self.encode(space.high)

    def encode(self, action: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[..., *shape] the environment's -> [..., size] the networks'."""
        return self._normalize(_flatten(tf.cast(action, tf.float64), self._space.shape))

    def decode(self, action: tf.Tensor, dtype: Any = None) -> tf.Tensor:
        """[..., size] the networks' -> [..., *shape] the environment's; see `ActionEncoder`."""
        action = self._scaled_back(action, tf.as_dtype(dtype or self._dtype))
        action = _unflatten(action, self._space.shape)
        if self._whole:
            # Casts of numbers that a type does not have wrap around.
            return tf.cast(self._clip(tf.round(action)), self._space.dtype)
        return self._clip(action if dtype else tf.cast(action, self._space.dtype))

    def executed(self, action: tf.Tensor) -> tf.Tensor:
        """Rounds an action within the bounds as the environment does: [..., size], the networks'.

        Only spaces of integers are rounded. The derivative is the identity's, because the true one
        is 0 and would teach a policy nothing.
        """
        if not self._whole:
            return action

        def rounded(action: tf.Tensor) -> tf.Tensor:
            return self._normalize(tf.round(self._scaled_back(action, self._dtype)))

        return tf.grad_pass_through(rounded)(action)

    def _clip(self, action: tf.Tensor) -> tf.Tensor:
        bounds = self._space.low, self._space.high
        return tf.clip_by_value(
            action, *(each.astype(action.dtype.as_numpy_dtype) for each in bounds)
        )

    def _normalize(self, action: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.cast(action, tf.float64) - self.mean, tf.float32) / self.stddev

    def _scaled_back(self, action: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        return tf.cast(action * self.stddev, dtype) + tf.cast(self.mean, dtype)


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

    def decode(self, action: tf.Tensor, dtype: Any = None) -> tf.Tensor:
        """[..., size] one-hot -> [..., *shape] the environment's."""
        choices = self.parts.choices(action) + self.start
        return tf.cast(_unflatten(choices, self._shape), self._dtype)


def action_encoder(
    space: gymnasium.Space, mean: float | np.ndarray = 0.0, stddev: float | np.ndarray = 1.0
) -> BoxActionEncoder | DiscreteActionEncoder:
    """Makes the encoder for an action space; `mean` and `stddev` [size] matter for a Box only.

    Raises:
      TypeError: the space is none of `Box`, `Discrete`, `MultiDiscrete` and `MultiBinary`.
    """
    if isinstance(space, ChoiceSpace):
        return DiscreteActionEncoder(space)
    if isinstance(space, gymnasium.spaces.Box):
        size = math.prod(space.shape)
        return BoxActionEncoder(space, *(np.broadcast_to(each, size) for each in (mean, stddev)))
    raise TypeError(f"no encoder for {space}")


def _flatten(values: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """[..., *shape] -> [..., size]."""
    leading = values.shape.rank - len(shape)
    return tf.reshape(values, tf.concat([tf.shape(values)[:leading], [math.prod(shape)]], 0))


def _unflatten(values: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """[..., size] -> [..., *shape]."""
    return tf.reshape(values, tf.concat([tf.shape(values)[:-1], np.array(shape, np.int32)], 0))


def _action_scale(allowed: np.ndarray, mean: np.ndarray, stddev: np.ndarray) -> np.ndarray:
    """Returns what components are divided by: [size].

    Where nothing varies it is what is `allowed`; if that is infinite the value itself, and if that
    is 0, what the other components vary by.
    """
    known = stddev[stddev > 0.0]
    typical = np.median(known) if known.size else 1.0
    unbounded = np.where(mean == 0.0, typical, np.abs(mean))
    return np.where(stddev > 0.0, stddev, np.where(np.isfinite(allowed), allowed, unbounded))
