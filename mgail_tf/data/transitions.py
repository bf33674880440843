"""An experience buffer of single transitions, for updates that need no longer segments."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Transitions(NamedTuple):
    """Single steps, [n, ...]; observations and actions as networks see them.

    Attributes:
      observation, next_observation: [n, observation_size].
      action: [n, action_size].
    """

    observation: np.ndarray | tf.Tensor
    action: np.ndarray | tf.Tensor
    next_observation: np.ndarray | tf.Tensor


class TransitionReplay(tf.Module):
    """A ring of the newest `capacity` transitions.

    Args:
      capacity: transitions kept.
      observation_size, action_size: lengths of the vectors.
    """

    def __init__(self, capacity: int, observation_size: int, action_size: int) -> None:
        super().__init__()
        self.capacity = capacity
        sizes = Transitions(observation_size, action_size, observation_size)
        self._storage = Transitions(
            *(tf.Variable(tf.zeros([capacity, size]), trainable=False) for size in sizes)
        )
        self._pushed = tf.Variable(0, dtype=tf.int64, trainable=False)

    @property
    def stored(self) -> int:
        """Number of transitions that it holds."""
        return min(int(self._pushed.numpy()), self.capacity)

    def push(self, transitions: Transitions) -> None:
        """Stores transitions in place of the oldest."""
        pushed, length = int(self._pushed.numpy()), len(transitions.action)
        # Of more than fit, the last stay.
        index = np.arange(max(0, length - self.capacity), length)
        self._write((pushed + index) % self.capacity, *(values[index] for values in transitions))
        self._pushed.assign(pushed + length)

    @tf.function(reduce_retracing=True)
    def _write(self, index, *fields):
        for variable, values in zip(self._storage, fields, strict=True):
            variable.scatter_update(tf.IndexedSlices(values, index))

    def take(self, index: tf.Tensor) -> Transitions:
        """The transitions at places [n] below `stored`."""
        return Transitions(*(tf.gather(variable, index) for variable in self._storage))
