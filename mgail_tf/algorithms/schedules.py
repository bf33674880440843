"""What MGAIL changes over a run's budget: the agent's noise, and the weight of cloning."""

import tensorflow as tf

from mgail_tf.algorithms.mgail_options import MGAILOptions

# The least part of a random policy's distance at which a clone is taken to be.
CLOSEST_CLONE = 0.1


class Schedules(tf.Module):
    """The numbers that depend on how much of the budget is used.

    The noise falls linearly to `final_noise_scale`.

    The weight of cloning is the larger at first, the closer the clone is that learning begins with:
    a policy that is nearly where it should be has only to lose by a discriminator, a forward model
    and a value that have seen little. One that fails has to leave the clone. The weight falls
    exponentially to `cloning_weight`, as the three learn.

    Args:
      options: all of MGAIL's.
      total_steps: the budget of environment steps.
    """

    def __init__(self, options: MGAILOptions, total_steps: int):
        super().__init__()
        rounds = total_steps // options.acting.steps_per_round
        self._updates = float(rounds * options.updates.policy_updates)
        self._final_noise_scale = options.acting.final_noise_scale
        self._final_cloning_weight = options.losses.cloning_weight
        self._cloning_scale = tf.Variable(1.0, trainable=False)

    def begin_at(self, distance: float) -> None:
        """Says how far the first policy is from the demonstrations; a random policy is at 1."""
        self._cloning_scale.assign(min(max(distance, CLOSEST_CLONE), 1.0) ** -2)

    def noise_scale(self, updates: tf.Tensor) -> tf.Tensor:
        """What sigma is multiplied by after so many updates of the policy, a scalar."""
        return 1.0 - (1.0 - self._final_noise_scale) * self._done(updates)

    def cloning_weight(self, updates: tf.Tensor) -> tf.Tensor:
        """The weight of cloning beside J after so many updates of the policy, a scalar."""
        return self._final_cloning_weight * self._cloning_scale ** (1.0 - self._done(updates))

    def _done(self, updates: tf.Tensor) -> tf.Tensor:
        return tf.minimum(tf.cast(updates, tf.float32) / self._updates, 1.0)
