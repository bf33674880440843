"""The unrolled, differentiable objective J(theta) (sections 3.3-3.4, Fig. 3, Algorithm 1).

What belongs to which step. An example with T = 3, whose second step ends an episode:

    step t                        0            1            2
    observations[t]               s_0          s_1          b_0  (the next episode's first state)
    actions[t]                    a_0          a_1          a_2
    cost[t], the discriminator's  c(s_0, a_0)  c(s_1, a_1)  c(b_0, a_2)
    next_observations[t]          s_1          s_2          b_1
    ended[t]                      0            1            0
    alive[t]                      1            1            0

    weight of cost[t] in J        1            gamma        0; with restarts 1
    V(next_observations[t])       no           (*)          no; with restarts yes

(*) Not after a termination, when nothing follows. With restarts, after a time limit. Without them
    no V counts behind an end.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from mgail_tf.data.replay import Segment
from mgail_tf.networks.discriminator import EXPERT, Discriminator, cross_entropy
from mgail_tf.networks.forward_model import ForwardModel
from mgail_tf.networks.policy import Policy
from mgail_tf.networks.value import Value

# Components of a state that are few; see `unroll`.
FEW = 11


class Rollout(NamedTuple):
    """Where the current policy leads along a recorded segment.

    Attributes:
      observations: [T, batch, observation_size], where the actions are taken.
      actions: [T, batch, action_size].
      next_observations: [T, batch, observation_size], where they lead.
    """

    observations: tf.Tensor
    actions: tf.Tensor
    next_observations: tf.Tensor


@tf.custom_gradient
def clip_state_gradient(observation, limit):
    """The identity, whose derivative has at most the norm `limit`.

    The derivative with respect to a state is what the paper calls the error message delta_s
    (Fig. 3).
    """

    def gradient(message):
        return tf.clip_by_norm(message, limit, axes=[-1]), None

    return observation, gradient


def predict_along(
    forward_model: ForwardModel,
    segment: Segment,
    history: int | None = None,
    *,
    restart: bool = False,
) -> tf.Tensor:
    """Predicts each next observation of a recorded segment from the recorded one before it.

    Args:
      forward_model: the network.
      segment: [length, batch, ...].
      history: number of steps after which the memory starts anew; never if None.
      restart: whether the memory also starts anew after an episode's end.

    Returns:
      [length, batch, observation_size].
    """
    predictions = []
    memory = None
    for step in range(segment.observation.shape[0]):
        memory = _memory(forward_model, memory, segment, step, history, restart)
        prediction, memory = forward_model(segment.observation[step], segment.action[step], memory)
        predictions.append(prediction)
    return tf.stack(predictions)


def _memory(forward_model, memory, segment, step, history, restart):
    """The memory that the forward model has before a step of a segment."""
    initial = forward_model.initial_memory(segment.observation.shape[1])
    if memory is None or (history and step % history == 0):
        return initial
    if restart:
        return tf.where(segment.ended[step - 1, :, None] > 0.0, initial, memory)
    return memory


def prediction_loss(forward_model: ForwardModel, segment: Segment) -> tf.Tensor:
    """Mean squared error of the one-step predictions along a segment: a scalar.

    The memory is carried from step to step, so the segment's length is the number of past states
    that the model sees while it trains. Steps after an episode's end do not count.

    Args:
      forward_model: the network.
      segment: [length, batch, ...].
    """
    predictions = predict_along(forward_model, segment)
    error = tf.reduce_mean((predictions - segment.next_observation) ** 2, -1)
    return segment.mean(error)


def unroll(
    policy: Policy,
    forward_model: ForwardModel,
    segment: Segment,
    *,
    history: int | None = None,
    state_gradient_clip: float = 0.0,
    restart: bool = False,
) -> Rollout:
    """Retraces a recorded segment so that it can be differentiated with respect to theta.

        s_{t+1} = s'_t + f(s_t, a_t) - f(s^recorded_t, a^recorded_t)

    s'_t is the recorded next state. The difference of the two predictions says where the current
    policy leads instead, and carries the forward model's derivative (Eq. 11). What the model fails
    to predict of the recorded step, the noise of the dynamics, is kept (Algorithm 1's "|_xi", after
    Heess et al. 2015). Actions are taken again, with the noise xi that was recorded. So a policy
    that has not changed goes through the recorded states. One that has changed, or that acts in the
    expert's place, goes where it would have led.

    Args:
      policy: the network that acts.
      forward_model: f.
      segment: [T, batch, ...].
      history: number of steps after which the forward model's memory starts anew; never if None.
      state_gradient_clip: bound on the norm of the derivative of a segment's J with respect to each
        state, for states of up to `FEW` components; none if 0. It grows with the root of their
        number, as norms do.
      restart: whether the unroll goes on from the next episode's first state where an episode ends
        inside the segment. Without it the steps after an end are of no use, and J leaves them out.

    Returns:
      A `Rollout` of T steps.
    """
    length, batch_size, size = segment.observation.shape
    # J is the mean over segments, so each has a share of 1 / batch_size in it.
    largest_norm = state_gradient_clip * math.sqrt(max(size / FEW, 1.0)) / batch_size
    predicted = predict_along(forward_model, segment, history, restart=restart)
    observation, memory = segment.observation[0], None
    observations, actions, next_observations = [], [], []
    for step in range(length):
        if restart and step:
            ended = segment.ended[step - 1, :, None] > 0.0
            observation = tf.where(ended, segment.observation[step], observation)
        action = policy.sample(observation, segment.noise[step])
        observations.append(observation)
        actions.append(action)
        memory = _memory(forward_model, memory, segment, step, history, restart)
        prediction, memory = forward_model(observation, action, memory)
        observation = segment.next_observation[step] + (prediction - predicted[step])
        if state_gradient_clip:
            observation = clip_state_gradient(observation, largest_norm)
        next_observations.append(observation)
    return Rollout(tf.stack(observations), tf.stack(actions), tf.stack(next_observations))


def objective(
    policy: Policy,
    discriminator: Discriminator,
    forward_model: ForwardModel,
    segment: Segment,
    discount: float,
    value: Value | None = None,
    *,
    history: int | None = None,
    state_gradient_clip: float = 0.0,
    restart: bool = False,
) -> tuple[tf.Tensor, tf.Tensor, Rollout]:
    """J(theta), the expected discounted cost of a segment (section 3.4).

    Its gradient with respect to theta is the recursion of Eq. 12-13 from t = T down to 0.

    Args:
      policy, forward_model, segment, history, state_gradient_clip, restart: as in `unroll`.
      discriminator: the network; a pair costs its cross entropy towards the expert.
      discount: gamma.
      value: stands for the cost beyond the segment; nothing does if None.

    Returns:
      J, a scalar; the cost of each step [T, batch]; and the `Rollout` that it is the cost of.
    """
    rollout = unroll(
        policy,
        forward_model,
        segment,
        history=history,
        state_gradient_clip=state_gradient_clip,
        restart=restart,
    )
    cost = cross_entropy(discriminator(rollout.observations, rollout.actions), EXPERT)
    step = segment.steps_since_start(restart)
    weight = discount**step * segment.counted(restart)
    total = tf.reduce_sum(weight * cost, 0)
    if value is not None:
        if restart:
            # A time limit, or the segment's end, only stops us from looking further.
            goes_on = tf.concat([segment.ended[:-1], tf.ones_like(segment.ended[-1:])], 0)
            goes_on *= 1.0 - segment.terminated
            beyond = discount ** (step + 1.0) * goes_on * value(rollout.next_observations)
            total += tf.reduce_sum(beyond, 0) / (1.0 - discount)
        else:
            goes_on = segment.alive[-1] * (1.0 - segment.ended[-1])
            factor = discount ** cost.shape[0] / (1.0 - discount)
            total += factor * goes_on * value(rollout.next_observations[-1])
    return tf.reduce_mean(total), cost, rollout
