"""The experience buffer B (Algorithm 1), held in tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from mgail_tf.data.demonstrations import Demonstrations
    from mgail_tf.networks.build import Encoders


class Segment(NamedTuple):
    """Consecutive transitions, [length, batch, ...]; observations and actions as networks see them.

    Attributes:
      observation, next_observation: [length, batch, observation_size].
      action: [length, batch, action_size], as the agent acted.
      noise: [length, batch, action_size], the xi that the action was taken with.
      terminated: [length, batch], 1 where the task ended with this transition, else 0.
      ended: [length, batch], 1 where the episode ended with it for any reason, else 0.
    """

    observation: tf.Tensor
    action: tf.Tensor
    noise: tf.Tensor
    next_observation: tf.Tensor
    terminated: tf.Tensor
    ended: tf.Tensor

    @property
    def alive(self):
        """[length, batch], 1 up to and including the first episode end, 0 after it."""
        return tf.math.cumprod(1.0 - self.ended, axis=0, exclusive=True)

    def counted(self, restart: bool) -> tf.Tensor:
        """[length, batch], 1 for the steps that count: with restarts all, otherwise the living."""
        return tf.ones_like(self.ended) if restart else self.alive

    def mean(self, values: tf.Tensor, restart: bool = False) -> tf.Tensor:
        """The mean of [length, batch] values over the steps that count; see `counted`."""
        counted = self.counted(restart)
        return tf.reduce_sum(counted * values) / tf.reduce_sum(counted)

    def steps_since_start(self, restart: bool) -> tf.Tensor:
        """[length, batch], the steps since the segment's start, or since an end with restarts."""
        step = tf.zeros_like(self.ended[0])
        steps = [step]
        for ended in tf.unstack(self.ended)[:-1]:
            step = tf.where(ended > 0.0, 0.0, step + 1.0) if restart else step + 1.0
            steps.append(step)
        return tf.stack(steps)


class Replay(tf.Module):
    """A ring of the last `capacity` steps of `num_envs` environments.

    Args:
      capacity: steps kept of each environment; a multiple of the block length that is pushed.
      num_envs: number of environments.
      observation_size, action_size: lengths of the vectors.
    """

    def __init__(self, capacity: int, num_envs: int, observation_size: int, action_size: int):
        super().__init__()
        self.capacity, self.num_envs = capacity, num_envs
        sizes = Segment(
            (observation_size,), (action_size,), (action_size,), (observation_size,), (), ()
        )
        self._storage = Segment(
            *(tf.Variable(tf.zeros((capacity, num_envs, *size)), trainable=False) for size in sizes)
        )
        self._pushed = tf.Variable(0, dtype=tf.int64, trainable=False)

    @classmethod
    def of(cls, demonstrations: Demonstrations, encoders: Encoders, segment_length: int) -> Replay:
        """A full buffer of one environment that holds demonstrations, as the networks see them.

        Args:
          demonstrations: what the expert did.
          encoders: of observations and actions.
          segment_length: of the longest segments that will be drawn. If there are fewer pairs than
            that, they are repeated; the steps after an episode's end are masked.
        """
        length = len(demonstrations.actions)
        repeats = -(-segment_length // length)
        pairs = encoders.encode(
            Segment(
                demonstrations.observations,
                demonstrations.actions,
                np.zeros([length, encoders.actions.size], np.float32),
                demonstrations.next_observations,
                demonstrations.terminated,
                demonstrations.ended,
            )
        )
        replay = cls(repeats * length, 1, encoders.observations.size, encoders.actions.size)
        replay.push(Segment(*(tf.concat([values] * repeats, 0)[:, None] for values in pairs)))
        return replay

    def push(self, block: Segment) -> None:
        """Stores a `Segment` [length, num_envs, ...] that follows the last one pushed."""
        length = block.observation.shape[0]
        start = self._pushed % self.capacity
        for variable, values in zip(self._storage, block, strict=True):
            variable[start : start + length].assign(values)
        self._pushed.assign_add(length)

    def end_last(self, envs: np.ndarray) -> None:
        """Makes the newest step of some environments their episode's last: [num_envs] bool."""
        last = (self._pushed - 1) % self.capacity
        ended = self._storage.ended[last]
        self._storage.ended[last].assign(tf.where(envs, tf.ones_like(ended), ended))

    def rescale(self, factor: tf.Tensor) -> None:
        """Multiplies all observations by a factor [observation_size]."""

        def scaled():
            for observations in (self._storage.observation, self._storage.next_observation):
                observations.assign(observations * factor)

        tf.cond(tf.reduce_any(factor != 1.0), scaled, lambda: None)

    def pairs(self) -> tuple[tf.Tensor, tf.Tensor]:
        """All observations and actions of a full buffer: [capacity * num_envs, size] each."""
        return tuple(
            tf.reshape(values, [-1, values.shape[-1]])
            for values in (self._storage.observation, self._storage.action)
        )

    def termination_rate(self) -> tf.Tensor:
        """Terminations per stored step, a scalar."""
        stored = tf.minimum(self._pushed, self.capacity) * self.num_envs
        return tf.reduce_sum(self._storage.terminated) / tf.cast(stored, tf.float32)

    def sample(
        self, batch_size: int, length: int, seed: tf.Tensor, newest: int | None = None
    ) -> Segment:
        """Draws segments uniformly: a `Segment` [length, batch_size, ...].

        Args:
          batch_size, length: the segments' number and length.
          seed: [2] integers.
          newest: draw among the newest so many steps of each environment only.
        """
        reach = min(newest or self.capacity, self.capacity)
        first, end = tf.maximum(self._pushed - reach, 0), self._pushed - length + 1
        seeds = tf.random.split(seed, 2)
        start = tf.random.stateless_uniform([batch_size], seeds[0], first, end, tf.int64)
        env = tf.random.stateless_uniform([batch_size], seeds[1], 0, self.num_envs, tf.int64)
        step = (start[None, :] + tf.range(length, dtype=tf.int64)[:, None]) % self.capacity
        index = tf.stack([step, tf.broadcast_to(env, tf.shape(step))], -1)
        return Segment(
            *(
                tf.ensure_shape(
                    tf.gather_nd(variable, index), (length, batch_size, *variable.shape[2:])
                )
                for variable in self._storage
            )
        )
