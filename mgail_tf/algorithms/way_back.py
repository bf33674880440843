"""The policy to go back to where a later one has gone astray."""

from collections.abc import Sequence
import math

import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.distance import Distance

# How often it goes back to the same policy.
ATTEMPTS = 2


class WayBack(tf.Module):
    """Remembers the policy that was closest to the demonstrations, and goes back to it.

    An adversarial run wanders: a discriminator, a model or a value that is wrong for a while leads
    a good policy to falls from which it may need tens of thousands of steps to come back. They go
    on learning from these, and the policy tries once more from where it was good: after two
    evaluations in a row, because after one it may still recover by itself.

    It goes back to a policy twice. A clone may be close by luck: then each attempt leads away from
    it, and is thrown away before it has led to anything.

    Of policies that are as close as any, the newest counts. No return is looked at.

    Args:
      policy: whose weights are remembered.
      astray: how many times the smallest distance is too far; 0: no distance is.

    Attributes:
      astray: as given.
      times: how often it has gone back.
    """

    def __init__(self, policy: keras.Model, astray: float):
        super().__init__()
        self.astray = astray
        self._evaluated, self._closest = (
            [tf.Variable(weight, trainable=False) for weight in policy.trainable_variables]
            for _ in range(2)
        )
        self._was_astray = tf.Variable(False, trainable=False)
        self._smallest = tf.Variable([math.inf, math.inf], trainable=False)
        self._attempts = tf.Variable(0, trainable=False)
        self.times = tf.Variable(0, trainable=False)

    def mark(self, policy: keras.Model) -> None:
        """Remembers a policy that is being evaluated."""
        _copy(policy.trainable_variables, self._evaluated)

    def evaluated(self, distance: Distance, policies: Sequence[keras.Model]) -> None:
        """Goes back if a policy is too far for the second time; else it may be the closest.

        Args:
          distance: of the policy that was marked last.
          policies: what gets the weights of the closest policy.
        """
        smallest = min(distance, Distance(*self._smallest.numpy().tolist()))
        self._smallest.assign(smallest)
        # A policy that it has gone back to is evaluated once more.
        if distance.is_as_close_as(smallest) and not _are_equal(self._evaluated, self._closest):
            _copy(self._evaluated, self._closest)
            self._attempts.assign(0)
        is_astray = self.astray > 0.0 and distance.exceeds(smallest, self.astray)
        goes_back = is_astray and bool(self._was_astray) and int(self._attempts) < ATTEMPTS
        if goes_back:
            for policy in policies:
                _copy(self._closest, policy.trainable_variables)
            self._attempts.assign_add(1)
            self.times.assign_add(1)
        self._was_astray.assign(is_astray and not goes_back)


def _are_equal(one: Sequence[tf.Variable], other: Sequence[tf.Variable]) -> bool:
    return all(np.array_equal(*each) for each in zip(one, other, strict=True))


def _copy(source: Sequence[tf.Variable], destination: Sequence[tf.Variable]) -> None:
    for new, old in zip(source, destination, strict=True):
        old.assign(new)
