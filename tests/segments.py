"""Segments for tests."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from mgail_tf.data.replay import Segment


def draw_segment(
    length: int,
    batch: int,
    observation_size: int = 3,
    action_size: int = 2,
    *,
    ends: Iterable[tuple[int, int]] = (),
    terminations: Iterable[tuple[int, int]] = (),
    dtype: Any = np.float32,
    seed: int = 0,
) -> Segment:
    """A segment of random numbers, whose observations have nothing to do with one another.

    Args:
      length, batch, observation_size, action_size: of the arrays.
      ends: places (step, index in the batch) where an episode ends, by a time limit unless the
        place is among the `terminations`, which are ends too.
      terminations: places where the task ends the episode.
      dtype: of the numbers.
      seed: of the numbers.
    """
    rng = np.random.default_rng(seed)
    observation, next_observation = rng.normal(size=(2, length, batch, observation_size))
    action, noise = rng.normal(size=(2, length, batch, action_size))
    terminated, ended = np.zeros([2, length, batch])
    for place in terminations:
        terminated[place] = ended[place] = 1.0
    for place in ends:
        ended[place] = 1.0
    return constant(observation, action, noise, next_observation, terminated, ended, dtype=dtype)


def constant(*fields: Any, dtype: Any = np.float32) -> Segment:
    """A `Segment` of tensors of one type; its fields in their order."""
    return Segment(*(tf.constant(values, dtype) for values in fields))


def cut(segment: Segment, first: int, last: int, index: int) -> Segment:
    """The steps from `first` to `last` of one of a batch: a batch of one."""
    return Segment(*(values[first : last + 1, index : index + 1] for values in segment))
