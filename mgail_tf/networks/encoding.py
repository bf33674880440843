"""Between the environment's observations and actions and those that the networks see."""

import gymnasium
import numpy as np
import tensorflow as tf


def _scale(stddev):
    """What components are divided by: [size]; 1 where they hardly vary (by less than 1e-3)."""
    return tf.constant(np.where(stddev > 1e-3, stddev, 1.0), tf.float32)


class Observations(tf.Module):
    """Observations, normalised and clipped.

    Args:
      mean, stddev: [size]; a component that never varies is shifted only.
      limit: normalised components are clipped to [-limit, limit].
    """

    def __init__(self, mean, stddev, limit):
        super().__init__()
        self.size = len(mean)
        self.mean = tf.constant(mean, tf.float32)
        self.stddev = _scale(stddev)
        self.limit = limit

    def encode(self, observation):
        """[..., size] as the environment gives them -> [..., size] as the networks see them."""
        normalized = (observation - self.mean) / self.stddev
        return tf.clip_by_value(normalized, -self.limit, self.limit)


class BoxActions(tf.Module):
    """Continuous actions, normalised.

    Args:
      space: the environment's action space.
      mean, stddev: [size]; a component that never varies is shifted only.

    Attributes:
      size: number of components.
      mean, stddev: [size] what is subtracted from the environment's, and what they are divided by.
      low, high: [size] the environment's bounds, normalised; infinite where there are none.
    """

    def __init__(self, space, mean, stddev):
        super().__init__()
        self.size = space.shape[0]
        self._space = space
        self.mean = tf.constant(mean, tf.float32)
        self.stddev = _scale(stddev)
        self.low, self.high = self.encode(space.low), self.encode(space.high)

    def encode(self, action):
        """[..., size] the environment's -> [..., size] the networks'."""
        return (tf.cast(action, tf.float32) - self.mean) / self.stddev

    def decode(self, action):
        """[..., size] the networks' -> [..., size] the environment's, within its bounds."""
        action = action * self.stddev + self.mean
        dtype, low, high = self._space.dtype, self._space.low, self._space.high
        if np.issubdtype(dtype, np.integer):
            # Casts of numbers that a type does not have wrap around.
            action = tf.clip_by_value(tf.round(action), np.float32(low), np.float32(high))
            return tf.cast(action, dtype)
        return tf.clip_by_value(tf.cast(action, dtype), low, high)


class DiscreteActions(tf.Module):
    """Discrete actions; the networks see one-hot vectors.

    Attributes:
      size: number of actions.
    """

    def __init__(self, space):
        super().__init__()
        self.size = int(space.n)
        self._start = int(space.start)

    def encode(self, action):
        """[...] the environment's -> [..., size] one-hot."""
        return tf.one_hot(tf.cast(action, tf.int32) - self._start, self.size)

    def decode(self, action):
        """[..., size] one-hot -> [...] int64 the environment's."""
        return tf.argmax(action, -1) + self._start


def encode_actions(space, mean=0.0, stddev=1.0):
    """The encoding for an action space; `mean` and `stddev` [size] matter for a Box only."""
    if isinstance(space, gymnasium.spaces.Discrete):
        return DiscreteActions(space)
    ones = np.ones(space.shape, np.float32)
    return BoxActions(space, mean * ones, stddev * ones)
