"""The recursion of Eq. 12-13, written out by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from objectives import ACTION, DISCOUNT, ENDS, LENGTH, OBSERVATION, TEMPERATURE, flatten
import tensorflow as tf

from mgail_tf.data.replay import Segment
from mgail_tf.networks.discriminator import AGENT, EXPERT, Discriminator
from mgail_tf.networks.forward_model import ForwardModel
from mgail_tf.networks.policy import CategoricalPolicy, Policy
from mgail_tf.networks.value import Value

# The pieces of Eq. 12-13 at one step, and what multiplies J_a with pi_theta.
Step = tuple[tuple[np.ndarray, ...], Callable[[np.ndarray], np.ndarray]]


def jacobians(
    function: Callable[..., tf.Tensor], inputs: Sequence[Any]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """A piece's value [batch, n], and its Jacobians [batch, n, size] by each of the inputs."""
    value = function(*inputs).numpy()
    batch, n = value.shape
    # For each of the n one copy of the inputs, all in one batch.
    copies = [tf.constant(np.repeat(each, n, 0)) for each in inputs]
    with tf.GradientTape() as tape:
        tape.watch(copies)
        copied = function(*copies)
    by_copies = tape.gradient(copied, copies, np.tile(np.eye(n), (batch, 1)), "zero")
    return value, [part.numpy().reshape(batch, n, part.shape[-1]) for part in by_copies]


def act(
    policy: Policy, observation: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """The actions a(s, xi), pi_s, and a function that multiplies J_a with pi_theta.

    The product is summed over the batch.
    """

    def parameters(s):
        distribution = policy(s)
        if isinstance(policy, CategoricalPolicy):
            [choice] = distribution.distributions
            return choice.logits
        return tf.concat([distribution.mean(), distribution.stddev()], -1)

    value, [by_s] = jacobians(parameters, [observation])
    if isinstance(policy, CategoricalPolicy):
        logits = value
        relaxed = np.exp((logits + noise) / TEMPERATURE)
        relaxed /= relaxed.sum(-1, keepdims=True)
        action = np.eye(ACTION)[np.argmax(logits + noise, -1)]
        # The Jacobian of the softmax, (diag(p) - p p^T) / tau.
        by_value = relaxed[:, :, None] * (np.eye(ACTION) - relaxed[:, None, :]) / TEMPERATURE
    else:
        action = value[:, :ACTION] + value[:, ACTION:] * noise  # Eq. 10.
        by_stddev = noise[:, :, None] * np.eye(ACTION)
        by_value = np.concatenate([np.eye(ACTION) + 0.0 * by_stddev, by_stddev], -1)

    def times_pi_theta(J_a):
        with tf.GradientTape() as tape:
            value = parameters(observation)
        message = np.einsum("ba,bav->bv", J_a, by_value)
        return flatten(tape.gradient(value, policy.trainable_variables, message))

    return action, by_value @ by_s, times_pi_theta


def judge(
    discriminator: Discriminator, observation: np.ndarray, action: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The costs -log(1 - D(s, a)), and their derivatives D_s, D_a."""
    logits, [by_s, by_a] = jacobians(discriminator, [observation, action])
    agent = 1.0 / (1.0 + np.exp(logits[:, EXPERT] - logits[:, AGENT]))
    D_s, D_a = (agent[:, None] * (by[:, AGENT] - by[:, EXPERT]) for by in (by_s, by_a))
    return -np.log(1.0 - agent), D_s, D_a


def differentiate_pieces(
    policy: Policy,
    discriminator: Discriminator,
    forward_model: ForwardModel,
    segment: Segment,
    history: int | None = None,
    restart: bool = False,
) -> list[Step]:
    """What Eq. 12-13 are made of, at each step of each segment.

    The memory m is a part of the forward model's state, so they are about (s, m): it is s alone
    that costs, and f predicts both.
    """
    segment = Segment(*(value.numpy() for value in segment))
    initial = forward_model.initial_memory(segment.observation.shape[1]).numpy()
    memory, steps = initial, []
    for t in range(LENGTH):
        if history and t % history == 0:
            memory = initial
        if restart and t:
            memory = np.where(segment.ended[t - 1][:, None] == 1.0, initial, memory)
        s = segment.observation[t]
        a, pi_s, times_pi_theta = act(policy, s, segment.noise[t])
        cost, D_s, D_a = judge(discriminator, s, a)
        predicted, [f_s, f_a, f_m] = jacobians(
            lambda s, a, m: tf.concat(forward_model(s, a, m), -1), [s, a, memory]
        )
        memory = predicted[:, OBSERVATION:]
        steps.append(((cost, pi_s, D_s, D_a, f_s, f_a, f_m), times_pi_theta))
    return steps


def find_parts(restart: bool) -> list[tuple[int, int, int, bool]]:
    """The parts of episodes that count: (segment, first step, last step, whether it goes on)."""
    parts = []
    for index, ends in enumerate(ENDS):
        first = 0
        for end in sorted(ends):
            parts.append((index, first, end, restart and not ends[end]))
            first = end + 1
            if not restart:
                break
        else:
            if first < LENGTH:
                parts.append((index, first, LENGTH - 1, True))
    return parts


def recursion(
    steps: Sequence[Step],
    history: int | None = None,
    state_gradient_clip: float | None = None,
    beyond: tuple[np.ndarray, np.ndarray] | None = None,
    restart: bool = False,
) -> tuple[float, np.ndarray, np.ndarray]:
    """J, dJ/dtheta of Eq. 12-13 from the `differentiate_pieces`, and the norms of all dJ/ds.

    What follows a part that goes on costs `beyond`: J [T, segments], and J_s [T, segments, size].
    """
    J_beyond, J_s_beyond = beyond or (
        np.zeros([LENGTH, len(ENDS)]),
        np.zeros([LENGTH, len(ENDS), OBSERVATION]),
    )
    total, norms = 0.0, []
    # dJ/da; J_theta = J_a pi_theta + gamma J'_theta (Eq. 13) is the sum of their products.
    by_action = np.zeros([LENGTH, len(ENDS), ACTION])
    for b, first, last, goes_on in find_parts(restart):
        J_s, J_m = np.zeros(OBSERVATION), np.zeros(steps[0][0][-1].shape[-1])
        if goes_on:
            total += DISCOUNT ** (last + 1 - first) * J_beyond[last, b] / len(ENDS)
            J_s = J_s_beyond[last, b]
        for t in reversed(range(first, last + 1)):
            cost, pi_s, D_s, D_a, f_s, f_a, f_m = (piece[b] for piece in steps[t][0])
            if history and (t + 1) % history == 0:
                J_m = np.zeros_like(J_m)
            # J_s counts from t + 1 on, J from the part's first step on.
            norms.append(np.linalg.norm(DISCOUNT ** (t + 1 - first) * J_s))
            if state_gradient_clip and norms[-1] > state_gradient_clip:
                J_s = J_s * state_gradient_clip / norms[-1]
            J_next = DISCOUNT * np.concatenate([J_s, J_m])
            J_a = D_a + J_next @ f_a
            by_action[t, b] = DISCOUNT ** (t - first) * J_a / len(ENDS)
            J_s, J_m = D_s + J_a @ pi_s + J_next @ f_s, J_next @ f_m
            total += DISCOUNT ** (t - first) * cost / len(ENDS)
    products = [
        times_pi_theta(J_a) for J_a, (_, times_pi_theta) in zip(by_action, steps, strict=True)
    ]
    return total, np.sum(products, 0), np.array(norms)


def differentiate_beyond(value: Value, segment: Segment) -> tuple[np.ndarray, np.ndarray]:
    """J and J_s of what follows each step. The value is a mean, J a discounted sum."""
    J, J_s = [], []
    for following in segment.next_observation.numpy():
        mean, [by_s] = jacobians(lambda s: value(s)[:, None] / (1.0 - DISCOUNT), [following])
        J.append(mean[:, 0])
        J_s.append(by_s[:, 0])
    return np.array(J), np.array(J_s)
