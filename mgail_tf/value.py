"""The cost beyond the horizon: what the segments that J sums over leave out.

Not in the paper. J sees T steps, a fraction of a stride; a fall that begins now comes later. The
value of the last state stands for the rest of the sum, so its gradient points away from states
from which the policy falls.
"""

import keras
import tensorflow as tf

from mgail_tf.discriminator import EXPERT, cross_entropy
from mgail_tf.networks import DenseStack, dense


class Value(keras.Model):
    """V(s), the discounted mean cost per step from s on: (1 - gamma) sum_k gamma^k cost_k."""

    def __init__(self, hidden, *, weight_stddev=0.0):
        super().__init__()
        self.hidden = DenseStack(hidden, weight_stddev=weight_stddev)
        self.mean_cost = dense(1, weight_stddev=weight_stddev)

    def call(self, observation):
        """[..., observation_size] -> [...]."""
        return self.mean_cost(self.hidden(observation))[..., 0]


def termination_cost(agent_rate, expert_rate):
    """The cost of having terminated, a scalar: the cross entropy of the best discriminator there.

    All terminated episodes are in one and the same state, so the likelihood ratio of Eq. 7 is the
    ratio of how often agent and expert come there.

    Args:
      agent_rate, expert_rate: terminations per step; the expert's is positive.
    """
    return tf.math.log1p(agent_rate / expert_rate)


def value_targets(value, discriminator, segment, discount, decay, cost_of_termination):
    """What V should be along a segment: lambda-returns of the cost, [T, batch].

    Args:
      value: the (slowly following) network that is trusted beyond each step.
      discriminator: tells the cost of the pairs of the segment as they acted.
      segment: `replay.Segment`, [T, batch, ...].
      discount: gamma.
      decay: lambda, from 0 (one step) to 1 (as many as the segment has).
      cost_of_termination: the cost of every step after a termination.
    """
    cost = cross_entropy(discriminator(segment.observation, segment.action), EXPERT)
    # A time limit only stops us from looking on; after a termination there is nothing else.
    beyond = tf.where(
        segment.terminated > 0.0, cost_of_termination, value(segment.next_observation)
    )
    targets = []
    following = beyond[-1]
    for step in reversed(range(cost.shape[0])):
        mixed = (1.0 - decay) * beyond[step] + decay * following
        following = tf.where(segment.ended[step] > 0.0, beyond[step], mixed)
        following = (1.0 - discount) * cost[step] + discount * following
        targets.append(following)
    return tf.stack(targets[::-1])
