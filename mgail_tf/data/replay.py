"""The experience buffer B (Algorithm 1), held in tensors."""

from typing import NamedTuple

import tensorflow as tf


class Segment(NamedTuple):
    """Consecutive transitions, [length, batch, ...]; observations and actions as networks see them.

    Attributes:
      observation, next_observation: [length, batch, observation_size].
      action: [length, batch, action_size], as it acted.
      noise: [length, batch, action_size], the xi that it was taken with.
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


class Replay(tf.Module):
    """A ring of the last `capacity` steps of `num_envs` environments.

    Args:
      capacity: steps kept of each environment; a multiple of the block length that is pushed.
      num_envs: number of environments.
      observation_size, action_size: lengths of the vectors.
    """

    def __init__(self, capacity, num_envs, observation_size, action_size):
        super().__init__()
        self.capacity, self.num_envs = capacity, num_envs
        sizes = Segment(
            (observation_size,), (action_size,), (action_size,), (observation_size,), (), ()
        )
        self._storage = Segment(
            *(tf.Variable(tf.zeros((capacity, num_envs, *size)), trainable=False) for size in sizes)
        )
        self._pushed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def push(self, block):
        """Stores a `Segment` [length, num_envs, ...] that follows the last one pushed."""
        length = block.observation.shape[0]
        start = self._pushed % self.capacity
        for variable, values in zip(self._storage, block, strict=True):
            variable[start : start + length].assign(values)
        self._pushed.assign_add(length)

    def termination_rate(self):
        """Terminations per stored step, a scalar."""
        stored = tf.minimum(self._pushed, self.capacity) * self.num_envs
        return tf.reduce_sum(self._storage.terminated) / tf.cast(stored, tf.float32)

    def sample(self, batch_size, length, seed, newest=None):
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
