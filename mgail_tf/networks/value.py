"""The value V(s): the cost beyond the horizon, which the segments that J sums over leave out.

Not in the paper. J sums the cost of T steps, but a mistake often leads to its fall much later. V
stands for the cost of everything after the segment, so its gradient leads the policy away from
states from which it falls.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from mgail_tf.networks.layers import DenseStack


class Value(keras.Model):
    """V(s), the discounted mean cost per step from s on: (1 - gamma) sum_k gamma^k cost_k.

    Two networks estimate it, and the higher estimate counts: the policy seeks low values, and
    would find those that are too low by mistake (Fujimoto et al. 2018). Costs are positive, and
    so are the estimates.

    Args:
      hidden: widths of the hidden layers of each network.
    """

    def __init__(self, hidden: Sequence[int]):
        super().__init__()
        self.hidden_1, self.hidden_2 = (DenseStack(hidden) for _ in range(2))
        # At first they say log 2 everywhere, the cost of a discriminator that knows nothing. The
        # slopes of random weights, summed up over the whole future, would ruin a cloned policy.
        self.mean_cost_1, self.mean_cost_2 = (
            keras.layers.Dense(1, "softplus", kernel_initializer="zeros") for _ in range(2)
        )

    def estimates(self, observation: tf.Tensor) -> tf.Tensor:
        """[..., observation_size] -> [..., 2]."""
        first = self.mean_cost_1(self.hidden_1(observation))
        second = self.mean_cost_2(self.hidden_2(observation))
        return tf.concat([first, second], -1)

    def call(self, observation: tf.Tensor) -> tf.Tensor:
        """[..., observation_size] -> [...]."""
        return tf.reduce_max(self.estimates(observation), -1)
