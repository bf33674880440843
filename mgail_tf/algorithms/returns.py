"""What V learns: the lambda-returns of the cost, and what a termination costs."""

import tensorflow as tf


def termination_cost(agent_rate, expert_rate):
    """The cost of having terminated, a scalar: the cross entropy of the best discriminator there.

    All terminated episodes are in one and the same state, so the likelihood ratio of Eq. 7 is the
    ratio of how often agent and expert come there.

    Args:
      agent_rate, expert_rate: terminations per step; the expert's is positive.
    """
    return tf.math.log1p(agent_rate / expert_rate)


def value_targets(value, path, segment, discount, decay, cost_of_termination):
    """What V should be along the policy's path: lambda-returns of the cost, [T, batch].

    Args:
      value: the (slowly following) network that is trusted beyond each step.
      path: `objective.Path`.
      segment: the `replay.Segment` that it retraces; tells where episodes ended.
      discount: gamma.
      decay: lambda, from 0 (one step) to 1 (as many as the segment has).
      cost_of_termination: the cost of every step after a termination.
    """
    # No mean is above the highest of what it is taken of; an estimate that feeds on itself may be.
    highest = tf.maximum(tf.reduce_max(path.cost), cost_of_termination)
    beyond = tf.minimum(value(path.observations[1:]), highest)
    # A time limit only stops us from looking on; after a termination there is nothing else.
    beyond = tf.where(segment.terminated > 0.0, cost_of_termination, beyond)
    targets = []
    following = beyond[-1]
    for step in reversed(range(path.cost.shape[0])):
        mixed = (1.0 - decay) * beyond[step] + decay * following
        following = tf.where(segment.ended[step] > 0.0, beyond[step], mixed)
        following = (1.0 - discount) * path.cost[step] + discount * following
        targets.append(following)
    return tf.stack(targets[::-1])
