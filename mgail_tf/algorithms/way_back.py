"""The policy to go back to where a later one has gone astray."""

from collections.abc import Sequence

import keras
import tensorflow as tf

# Distances differ by so much by chance alone, because an evaluation has few episodes.
AS_CLOSE = 1.25


class WayBack(tf.Module):
    """Remembers the policy that was closest to the demonstrations, and goes back to it.

    An adversarial run wanders: a discriminator, a model or a value that is wrong for a while leads
    a good policy to falls from which it may need tens of thousands of steps to come back. They go
    on learning from these, and the policy tries once more from where it was good.

    Of policies that are as close as any, give or take `AS_CLOSE`, the newest counts. Distances are
    `imitation_distance`s; no return is looked at.

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
        self._distance = tf.Variable(float("inf"), trainable=False)
        self.times = tf.Variable(0, trainable=False)

    def mark(self, policy: keras.Model) -> None:
        """Remembers a policy that is being evaluated."""
        _copy(policy.trainable_variables, self._evaluated)

    def evaluated(self, distance: float, policies: Sequence[keras.Model]) -> None:
        """Goes back if the policy that was marked last is too far; else it may be the closest.

        Args:
          distance: of the policy that was marked last.
          policies: what gets the weights of the closest policy.
        """
        smallest = min(distance, float(self._distance))
        self._distance.assign(smallest)
        if distance <= AS_CLOSE * smallest:
            _copy(self._evaluated, self._closest)
        elif self.astray and distance > self.astray * smallest:
            for policy in policies:
                _copy(self._closest, policy.trainable_variables)
            self.times.assign_add(1)


def _copy(source: Sequence[tf.Variable], destination: Sequence[tf.Variable]) -> None:
    for new, old in zip(source, destination, strict=True):
        old.assign(new)
