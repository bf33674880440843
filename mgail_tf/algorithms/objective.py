"""The unrolled, differentiable objective J(theta) (sections 3.3-3.4, Fig. 3, Algorithm 1)."""

from typing import NamedTuple

import tensorflow as tf

from mgail_tf.networks.discriminator import EXPERT, cross_entropy
from mgail_tf.networks.forward_model import predict_along


class Path(NamedTuple):
    """Where the policy leads along a segment, as it is now.

    Attributes:
      observations: [T + 1, batch, observation_size], the last being where the segment leads.
      actions: [T, batch, action_size].
      cost: [T, batch], the discriminator's.
    """

    observations: tf.Tensor
    actions: tf.Tensor
    cost: tf.Tensor


@tf.custom_gradient
def limit_message(observation, limit):
    """The identity; its derivative, the paper's error message delta_s, has norm `limit` at most."""

    def gradient(message):
        return tf.clip_by_norm(message, limit, axes=[-1]), None

    return observation, gradient


def unroll(policy, forward_model, segment, *, history=None, message_limit=None, training=False):
    """Retraces a real segment so that it can be differentiated with respect to theta.

    Actions are taken anew with the noise xi that acted. A state is the forward model's prediction
    plus what the model did not foresee of the real transition, the noise of the dynamics
    (Algorithm 1's "|_xi", after Heess et al. 2015). So a policy that has not changed since goes
    through the real states, with the forward model's derivative as Eq. 11 has it; one that has
    changed, or that acts in the expert's place, goes where it would have led.

    Args:
      policy: a model of `policy.py`.
      forward_model: a model of `forward_model.py`.
      segment: `replay.Segment`, [T, batch, ...].
      history: number of steps after which the forward model's memory starts anew; never if None.
      message_limit: bound on the norm of each state's derivative of its segment's J; none if
        None or 0.
      training: whether the policy's dropout, if any, is active.

    Returns:
      observations and actions as in `Path`.
    """
    length, batch_size = segment.observation.shape[:2]
    foreseen = predict_along(forward_model, segment, history)
    observation = segment.observation[0]
    observations, actions = [observation], []
    for step in range(length):
        action = policy.sample(observation, segment.noise[step], training=training)
        actions.append(action)
        if step == 0 or (history and step % history == 0):
            memory = forward_model.initial_memory(batch_size)
        prediction, memory = forward_model(observation, action, memory)
        observation = segment.next_observation[step] + (prediction - foreseen[step])
        if message_limit:
            # J is the mean over segments, so each has a share of 1 / batch_size in it.
            observation = limit_message(observation, message_limit / batch_size)
        observations.append(observation)
    return tf.stack(observations), tf.stack(actions)


def objective(
    policy, discriminator, forward_model, segment, discount, value=None, **unroll_options
):
    """J(theta), the expected discounted cost of a segment (section 3.4).

    Its gradient with respect to theta is the recursion of Eq. 12-13 from t = T down to 0. Steps
    after an episode's end within the segment do not count.

    Args:
      policy, forward_model, segment, **unroll_options: as in `unroll`.
      discriminator: the network; its cross entropy towards the expert is a pair's cost.
      discount: gamma.
      value: a model of `value.py` that stands for the cost beyond the segment; none if None.

    Returns:
      J, a scalar, and the `Path` that it is the cost of.
    """
    observations, actions = unroll(policy, forward_model, segment, **unroll_options)
    cost = cross_entropy(discriminator(observations[:-1], actions), EXPERT)
    steps = tf.range(cost.shape[0], dtype=cost.dtype)
    weight = (discount**steps)[:, None] * segment.alive
    total = tf.reduce_sum(weight * cost, 0)
    if value is not None:
        goes_on = segment.alive[-1] * (1.0 - segment.ended[-1])
        total += discount ** steps.shape[0] / (1.0 - discount) * goes_on * value(observations[-1])
    return tf.reduce_mean(total), Path(observations, actions, cost)
