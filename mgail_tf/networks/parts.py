"""Vectors that are several parts in a row, as the one-hot vectors of several choices are."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


class Parts:
    """Where each part of a vector is.

    What is done with a part, a softmax for example, is done with all at once: in a table with a row
    for each part, in which shorter parts are filled up with minus infinity.

    Args:
      sizes: length of each part.

    Attributes:
      sizes: as given.
      size: length of the vector.
      largest: length of the longest part.
    """

    def __init__(self, sizes: Sequence[int]):
        self.sizes = tuple(int(size) for size in sizes)
        self.size, self.largest = sum(self.sizes), max(self.sizes)
        used = np.arange(self.largest) < np.array(self.sizes)[:, None]
        # Parts of the same length need no more than a reshape.
        self._even = bool(used.all())
        self._used = np.flatnonzero(used)
        # Filled up places are taken from behind the vector.
        self._sources = np.where(used.ravel(), np.cumsum(used) - 1, self.size)

    def split(self, vector: tf.Tensor) -> tf.Tensor:
        """[..., size] -> [..., parts, largest]."""
        if not self._even:
            beside = [[0, 0]] * (vector.shape.rank - 1)
            padded = tf.pad(vector, [*beside, [0, 1]], constant_values=-np.inf)
            vector = tf.gather(padded, self._sources, axis=-1)
        shape = [len(self.sizes), self.largest]
        return tf.reshape(vector, tf.concat([tf.shape(vector)[:-1], shape], 0))

    def join(self, table: tf.Tensor) -> tf.Tensor:
        """[..., parts, largest] -> [..., size]."""
        length = [len(self.sizes) * self.largest]
        vector = tf.reshape(table, tf.concat([tf.shape(table)[:-2], length], 0))
        return vector if self._even else tf.gather(vector, self._used, axis=-1)

    def one_hot(self, choices: tf.Tensor, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """Choices of each part [..., parts] -> [..., size], a one-hot vector for each."""
        return self.join(tf.one_hot(choices, self.largest, dtype=dtype))

    def choices(self, scores: tf.Tensor) -> tf.Tensor:
        """The arg max of each part: [..., size] -> [..., parts] int64."""
        return tf.argmax(self.split(scores), -1)
