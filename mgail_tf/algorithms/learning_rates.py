"""Learning rates over a run."""

import keras
import tensorflow as tf

# What is left of a learning rate at the end of a run.
LEFT = 0.1


class Cooldown(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is constant, and falls linearly at the end of the run.

    An adversarial run does not settle by itself: each network follows the others. Large rates bring
    the policy to the expert sooner, and small ones keep it there.

    Args:
      rate: at first.
      updates: of the whole run.
      part: of the updates, at the end, in which it falls to a tenth; 0: it does not.
    """

    def __init__(self, rate: float, updates: int, part: float):
        self._rate, self._updates, self._part = rate, updates, part

    def __call__(self, step):
        if not self._part:
            return tf.constant(self._rate)
        ahead = 1.0 - tf.cast(step, tf.float32) / self._updates
        return self._rate * tf.clip_by_value(ahead / self._part, LEFT, 1.0)
