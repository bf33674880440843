"""An experience buffer of single transitions, for updates that need no longer segments.

It is kept in NumPy: an update needs a few kilobytes of it, and NumPy has gathered them before
TensorFlow has begun.
"""

import io
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Transitions(NamedTuple):
    """Single steps; observations and actions as networks see them.

    Attributes:
      observation, next_observation: [n, observation_size] float32.
      action: [n, action_size] float32.
    """

    observation: np.ndarray
    action: np.ndarray
    next_observation: np.ndarray

    def sample(self, batch_size: int, rng: np.random.Generator) -> "Transitions":
        """Draws among them uniformly, with replacement: [batch_size, ...]."""
        index = rng.integers(len(self.action), size=batch_size)
        return Transitions(*(field[index] for field in self))


class TransitionReplay(tf.train.experimental.PythonState):
    """A ring of the newest `capacity` transitions, which a checkpoint can hold.

    Args:
      capacity: transitions kept.
      observation_size, action_size: lengths of the vectors.

    Attributes:
      stored: number of transitions that it holds.
    """

    def __init__(self, capacity: int, observation_size: int, action_size: int) -> None:
        self.capacity = capacity
        sizes = observation_size, action_size, observation_size
        self._fields = Transitions(*(np.zeros([capacity, size], np.float32) for size in sizes))
        self._pushed = 0

    @property
    def stored(self) -> int:
        return min(self._pushed, self.capacity)

    def push(self, transitions: Transitions) -> None:
        """Stores transitions in place of the oldest."""
        length = len(transitions.action)
        # Of more than fit, the last stay.
        index = np.arange(max(0, length - self.capacity), length)
        for field, values in zip(self._fields, transitions, strict=True):
            field[(self._pushed + index) % self.capacity] = values[index]
        self._pushed += length

    def rescale(self, factor: np.ndarray | tf.Tensor) -> None:
        """Multiplies all observations by a factor [observation_size]."""
        factor = np.asarray(factor)
        if (factor != 1.0).any():
            for observations in (self._fields.observation, self._fields.next_observation):
                observations *= factor

    def sample(self, batch_size: int, rng: np.random.Generator) -> Transitions:
        """Draws uniformly, with replacement: [batch_size, ...]."""
        return self._held().sample(batch_size, rng)

    def serialize(self) -> bytes:
        """What a checkpoint holds."""
        file = io.BytesIO()
        np.savez(file, pushed=self._pushed, **self._held()._asdict())
        return file.getvalue()

    def deserialize(self, string_value: bytes) -> None:
        """Restores what `serialize` gave."""
        with np.load(io.BytesIO(string_value)) as file:
            self._pushed = int(file["pushed"])
            for name, field in self._held()._asdict().items():
                field[:] = file[name]

    def _held(self) -> Transitions:
        return Transitions(*(field[: self.stored] for field in self._fields))
