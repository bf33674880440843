"""The cost beyond the horizon: what the segments that J sums over leave out.

Not in the paper. J sees T steps, a fraction of a stride; a fall that begins now comes later. The
value of the last state stands for the rest of the sum, so its gradient points away from states
from which the policy falls.
"""

import keras
import tensorflow as tf

from mgail_tf.networks.layers import DenseStack, dense


class Value(keras.Model):
    """V(s), the discounted mean cost per step from s on: (1 - gamma) sum_k gamma^k cost_k.

    Two networks estimate it, and the higher estimate counts: the policy seeks low values, and
    would find those that are too low by mistake (Fujimoto et al. 2018). Costs are positive, and
    so are the estimates.
    """

    def __init__(self, hidden, *, weight_stddev=0.0):
        super().__init__()
        self.hidden_1, self.hidden_2 = (
            DenseStack(hidden, weight_stddev=weight_stddev) for _ in range(2)
        )
        self.mean_cost_1, self.mean_cost_2 = (
            dense(1, "softplus", weight_stddev=weight_stddev) for _ in range(2)
        )

    def estimates(self, observation):
        """[..., observation_size] -> [..., 2]."""
        one = self.mean_cost_1(self.hidden_1(observation))
        other = self.mean_cost_2(self.hidden_2(observation))
        return tf.concat([one, other], -1)

    def call(self, observation):
        """[..., observation_size] -> [...]."""
        return tf.reduce_max(self.estimates(observation), -1)
