"""What V learns: lambda-returns of the discriminator's cost, and the cost of a termination."""

import tensorflow as tf

from mgail_tf.algorithms.objective import Rollout
from mgail_tf.data.replay import Segment
from mgail_tf.networks.value import Value


def termination_cost(
    agent_rate: tf.Tensor,
    expert_rate: tf.Tensor | float,
    mean_cost: tf.Tensor | float = 0.0,
    *,
    margin: float = 0.0,
    is_goal: bool = False,
) -> tf.Tensor:
    """The cost of every step after a termination, a scalar.

    All terminated episodes are in the same state, which the discriminator never sees. There the
    likelihood ratio of Eq. 7 is known: it is the ratio of how often the agent and the expert come
    to that state. The cost is the cross entropy of the best discriminator there.

    That alone says nothing about the cost of going on, which is whatever the discriminator makes
    of it. Where the agent terminates as often as the expert but can be told from it, going on would
    be dearer than a fall. So a step after a termination costs at least `margin` times as much as
    one before it. Where every demonstration ends by a termination, it may be what the expert is
    after. An agent that has not found it yet must not be kept from it, so there the bound grows
    with the ratio, up to 1.

    Args:
      agent_rate, expert_rate: terminations per step; the expert's is positive.
      mean_cost: of the agent's steps.
      margin: the least cost after a termination, in mean costs before it; 0: no bound.
      is_goal: whether every demonstration ends by a termination.
    """
    ratio = agent_rate / expert_rate
    least = margin * mean_cost * (tf.minimum(ratio, 1.0) if is_goal else 1.0)
    return tf.maximum(tf.math.log1p(ratio), least)


def value_targets(
    value: Value,
    cost: tf.Tensor,
    rollout: Rollout,
    segment: Segment,
    *,
    discount: float,
    decay: float,
    cost_of_termination: tf.Tensor | float,
    restart: bool = False,
) -> tf.Tensor:
    """What V should be along the policy's rollout: lambda-returns of the cost, [T, batch].

    Args:
      value: the slowly changing network that estimates the cost after each step.
      cost: [T, batch], the cost of each step.
      rollout: where the policy leads.
      segment: the recorded segment that it retraces; it tells where episodes ended.
      discount: gamma.
      decay: lambda, from 0 (one step) to 1 (as many steps as the segment has).
      cost_of_termination: the cost of every step after a termination.
      restart: as in `objective.unroll`.
    """
    # A mean cost cannot exceed the largest cost. Without this bound an estimate that learns from
    # itself can diverge. Steps that do not count have costs that mean nothing.
    counted = segment.counted(restart)
    cost_bound = tf.maximum(tf.reduce_max(counted * cost), cost_of_termination)
    bootstrap = tf.minimum(value(rollout.next_observations), cost_bound)
    # Truncated: the estimate stands for what would follow. Terminated: each later step costs the
    # same.
    bootstrap = tf.where(segment.terminated > 0.0, cost_of_termination, bootstrap)
    targets = []
    next_target = bootstrap[-1]
    for step in reversed(range(cost.shape[0])):
        mixed = (1.0 - decay) * bootstrap[step] + decay * next_target
        next_target = tf.where(segment.ended[step] > 0.0, bootstrap[step], mixed)
        next_target = (1.0 - discount) * cost[step] + discount * next_target
        targets.append(next_target)
    return tf.stack(targets[::-1])
