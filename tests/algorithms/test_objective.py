import functools
import itertools
from typing import Any

import numpy as np
import pytest
import segments
import tensorflow as tf

from mgail_tf.algorithms.objective import (
    Rollout,
    clip_state_gradient,
    objective,
    prediction_loss,
    unroll,
)
from mgail_tf.data.replay import Segment
from mgail_tf.networks.discriminator import AGENT, EXPERT, Discriminator
from mgail_tf.networks.forward_model import AdvancedForwardModel, BasicForwardModel
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy
from mgail_tf.networks.value import Value

LENGTH, OBSERVATION, ACTION, DISCOUNT, TEMPERATURE = 4, 3, 2, 0.9, 0.7
# The steps with which each segment's episodes end, and whether the task ended them.
NEVER = {}
ENDS = (
    NEVER,
    {1: True},
    {LENGTH - 1: True},
    {1: False},
    {0: False, 2: True},
    {LENGTH - 1: False},
)

POLICIES = {
    "gaussian": lambda: GaussianPolicy(ACTION, [6], [0.3, 0.5]),
    "learned stddev": lambda: GaussianPolicy(ACTION, [6], [0.3, 0.5], learn_stddev=True),
    "categorical": lambda: CategoricalPolicy(ACTION, [6], temperature=TEMPERATURE),
}
# With how many steps of memory each forward model is used.
FORWARD_MODELS = {
    "basic": (lambda: BasicForwardModel(OBSERVATION, 8), 1),
    "residual": (lambda: BasicForwardModel(OBSERVATION, 8, residual=True), None),
    "advanced": (lambda: AdvancedForwardModel(OBSERVATION, 8), 1),
    "advanced, remembers 2": (lambda: AdvancedForwardModel(OBSERVATION, 8), 2),
    "advanced, remembers all": (lambda: AdvancedForwardModel(OBSERVATION, 8), None),
}


def draw_segment(policy, ends=ENDS, dtype: Any = np.float64, length=LENGTH):
    """Random states, one the next one's predecessor unless an episode ended between the two.

    The policy acts in them.
    """
    rng = np.random.default_rng(1)
    shape = (length, len(ends))
    observation = rng.normal(size=(*shape, OBSERVATION))
    terminated, ended = np.zeros([2, *shape])
    for index, steps in enumerate(ends):
        for step, by_the_task in steps.items():
            if step < length:
                ended[step, index], terminated[step, index] = 1.0, by_the_task
    following = np.concatenate([observation[1:], rng.normal(size=(1, *shape[1:], OBSERVATION))])
    elsewhere = rng.normal(size=following.shape)
    following = np.where(ended[..., None] == 1.0, elsewhere, following)
    noise = policy.noise.sample((*shape, ACTION), seed=[0, 1]).numpy()
    action = np.array(
        [policy.sample(*step) for step in zip(observation.astype(dtype), noise, strict=True)]
    )
    return segments.constant(observation, action, noise, following, terminated, ended, dtype=dtype)


def jacobians(function, inputs):
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


def act(policy, observation, noise):
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


def flatten(gradient):
    return np.concatenate([np.ravel(part) for part in gradient])


def judge(discriminator, observation, action):
    """The costs -log(1 - D(s, a)), and their derivatives D_s, D_a."""
    logits, [by_s, by_a] = jacobians(discriminator, [observation, action])
    agent = 1.0 / (1.0 + np.exp(logits[:, EXPERT] - logits[:, AGENT]))
    D_s, D_a = (agent[:, None] * (by[:, AGENT] - by[:, EXPERT]) for by in (by_s, by_a))
    return -np.log(1.0 - agent), D_s, D_a


def differentiate_pieces(
    policy, discriminator, forward_model, segment, history=None, restart=False
):
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


def find_parts(restart):
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


def recursion(steps, history=None, state_gradient_clip=None, beyond=None, restart=False):
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


def differentiate_beyond(value, segment):
    """J and J_s of what follows each step. The value is a mean, J a discounted sum."""
    J, J_s = [], []
    for following in segment.next_observation.numpy():
        mean, [by_s] = jacobians(lambda s: value(s)[:, None] / (1.0 - DISCOUNT), [following])
        J.append(mean[:, 0])
        J_s.append(by_s[:, 0])
    return np.array(J), np.array(J_s)


def differentiate(policy, *networks_and_segment: Any, **options: Any):
    with tf.GradientTape() as tape:
        J, _, _ = objective(policy, *networks_and_segment, discount=DISCOUNT, **options)
    return J.numpy(), flatten(tape.gradient(J, policy.trainable_variables))


def distance(gradient, expected):
    return np.linalg.norm(gradient - expected) / np.linalg.norm(expected)


def build_anew(policy_name, forward_model_name="advanced", dtype=np.float64):
    """Networks with random weights and a segment of theirs; and the forward model's history."""
    policy = POLICIES[policy_name]()
    make_forward_model, history = FORWARD_MODELS[forward_model_name]
    segment = draw_segment(policy, dtype=dtype, length=1)
    networks = policy, Discriminator([8]), make_forward_model()
    # One step creates the weights.
    objective(*networks, segment, DISCOUNT)
    rng = np.random.default_rng(2)
    for network in networks:  # Larger than the initial ones; and no bias is 0.
        network.set_weights([rng.normal(size=w.shape, scale=0.6) for w in network.get_weights()])
    return (*networks, draw_segment(policy, dtype=dtype)), history


# For tests that leave the weights as they are: networks take longer to build than to differentiate.
build = functools.cache(build_anew)


RESTARTS = {"up to an end": False, "restarting": True}


@pytest.mark.parametrize(
    ("policy", "forward_model", "restart"),
    [
        *itertools.product(["learned stddev", "categorical"], FORWARD_MODELS, [False]),
        ("gaussian", "advanced, remembers all", False),
        *itertools.product(["learned stddev"], FORWARD_MODELS, [True]),
        ("categorical", "advanced, remembers 2", True),
    ],
)
def test_gradient_is_the_recursion(float64, policy, forward_model, restart):
    arguments, history = build(policy, forward_model)
    J, gradient = differentiate(*arguments, history=history, restart=restart)
    steps = differentiate_pieces(*arguments, history, restart)
    expected_J, expected, _ = recursion(steps, history, restart=restart)
    np.testing.assert_allclose(J, expected_J, rtol=1e-10)
    assert distance(gradient, expected) < 1e-8
    # The messages about later states do matter here.
    alone = recursion(steps, history, state_gradient_clip=1e-9, restart=restart)[1]
    assert distance(alone, expected) > 0.01


@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS.keys())
def test_clipped_gradient_is_the_recursion_of_clipped_messages(float64, restart):
    arguments, _ = build("gaussian")
    steps = differentiate_pieces(*arguments, restart=restart)
    _, unclipped, norms = recursion(steps, restart=restart)
    clip = np.median(norms[norms > 0.0])  # So some are beyond it, and some are not.
    _, expected, _ = recursion(steps, state_gradient_clip=clip, restart=restart)
    _, gradient = differentiate(*arguments, state_gradient_clip=clip, restart=restart)
    assert distance(gradient, expected) < 1e-8
    assert distance(unclipped, expected) > 0.02


@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS.keys())
@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_value_is_what_the_recursion_starts_with(float64, clip, restart):
    arguments, _ = build("gaussian")
    value = Value([8])
    beyond = differentiate_beyond(value, arguments[-1])
    steps = differentiate_pieces(*arguments, restart=restart)
    options = {"state_gradient_clip": clip, "restart": restart}
    expected_J, expected, _ = recursion(steps, beyond=beyond, **options)
    J, gradient = differentiate(*arguments, value=value, **options)
    np.testing.assert_allclose(J, expected_J, rtol=1e-10)
    assert distance(gradient, expected) < 1e-8
    assert distance(recursion(steps, **options)[1], expected) > 0.005


@pytest.mark.parametrize("forward_model", ["advanced, remembers all", "residual"])
def test_restarted_segments_are_their_parts_computed_apart(float64, forward_model):
    (policy, discriminator, model, segment), history = build("gaussian", forward_model)
    rng = np.random.default_rng(5)
    # Somebody else acted: the policy leads elsewhere.
    segment = segment._replace(action=segment.action + rng.normal(size=segment.action.shape))
    value = Value([8])

    def differentiate(*segments_of_parts, restart):
        with tf.GradientTape() as tape:
            networks = policy, discriminator, model
            outcomes = [
                objective(*networks, part, DISCOUNT, value, history=history, restart=restart)
                for part in segments_of_parts
            ]
            total = tf.add_n([J for J, _, _ in outcomes])
        return total.numpy(), flatten(tape.gradient(total, policy.trainable_variables)), outcomes

    parts = []
    for index, first, last, goes_on in find_parts(restart=True):
        part = segments.cut(segment, first, last, index)
        # Without restarts the value counts where nothing says that the episode has ended.
        parts.append(part._replace(ended=0.0 * part.ended) if goes_on else part)
    J, gradient, [(_, cost, rollout)] = differentiate(segment, restart=True)
    total, total_gradient, outcomes = differentiate(*parts, restart=False)
    # J is a mean over the segments, of which each part is a batch of one.
    np.testing.assert_allclose(J, total / len(ENDS), rtol=1e-10)
    assert distance(gradient, total_gradient / len(ENDS)) < 1e-8
    for (index, first, last, _), (_, part_cost, part) in zip(
        find_parts(restart=True), outcomes, strict=True
    ):
        place = slice(first, last + 1), slice(index, index + 1)
        np.testing.assert_allclose(cost.numpy()[place], part_cost, rtol=1e-10)
        for values, expected in zip(rollout, part, strict=True):
            np.testing.assert_allclose(values.numpy()[place], expected, rtol=1e-10)
    assert np.abs(rollout.next_observations - segment.next_observation).max() > 0.1


def test_without_ends_a_restart_changes_nothing():
    (policy, discriminator, model, _), _ = build("gaussian", dtype=np.float32)
    segment = draw_segment(policy, [NEVER] * 3, np.float32)
    arguments = policy, discriminator, model, segment
    value = Value([8])
    J, gradient = differentiate(*arguments, value=value, restart=False)
    restarted_J, restarted = differentiate(*arguments, value=value, restart=True)
    np.testing.assert_allclose(restarted_J, J, rtol=1e-5)
    np.testing.assert_allclose(restarted, gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("clip", [0.0, 1e6])
def test_no_clip_changes_nothing(clip):
    arguments, _ = build("gaussian", dtype=np.float32)
    expected = differentiate(*arguments)
    gradient = differentiate(*arguments, state_gradient_clip=clip)
    np.testing.assert_allclose(gradient[1], expected[1], rtol=1e-6)


def test_clip_state_gradient_shortens_what_is_too_long():
    observation = tf.zeros([3, 2])
    messages = np.array([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0]], np.float32)
    with tf.GradientTape() as tape:
        tape.watch(observation)
        clipped = clip_state_gradient(observation, 2.0)
    np.testing.assert_array_equal(clipped, observation)
    np.testing.assert_allclose(
        tape.gradient(clipped, observation, messages),
        [[1.2, 1.6], [0.3, -0.4], [0.0, 0.0]],
        rtol=1e-6,
    )


@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS.keys())
def test_states_are_the_real_ones_bit_for_bit(restart):
    policy, forward_model = POLICIES["gaussian"](), FORWARD_MODELS["advanced"][0]()
    ends = [NEVER] * 50 + [{3: False, 6: True}] * 10 * restart
    segment = draw_segment(policy, ends, np.float32, length=10)
    rollout = unroll(policy, forward_model, segment, history=1, restart=restart)
    np.testing.assert_array_equal(rollout.observations, segment.observation)
    np.testing.assert_array_equal(rollout.next_observations, segment.next_observation)


def test_states_move_as_the_forward_model_predicts(float64):
    (policy, _, forward_model, _), _ = build_anew("learned stddev")
    segment = draw_segment(policy, [NEVER] * 3)

    def predict(corrections):
        """Follows the forward model, beginning in the real first state, and adds `corrections`."""
        states, errors = [segment.observation[0]], []
        memory = forward_model.initial_memory(3)
        for step in range(LENGTH):
            action = policy.sample(states[-1], segment.noise[step])
            prediction, memory = forward_model(states[-1], action, memory)
            errors.append(segment.next_observation[step] - prediction)
            states.append(prediction + (errors if corrections is None else corrections)[step])
        return tf.stack(states), errors

    def find_states(rollout):
        """The first state, and where each step leads."""
        return tf.concat([rollout.observations[:1], rollout.next_observations], 0)

    _, corrections = predict(None)
    rng = np.random.default_rng(3)
    projection = rng.normal(size=(LENGTH + 1, 3, OBSERVATION))
    with tf.GradientTape() as tape:
        states = find_states(unroll(policy, forward_model, segment))
        projected = tf.reduce_sum(states * projection)
    gradient = tape.gradient(projected, policy.trainable_variables)

    weights = [weight.numpy() for weight in policy.trainable_variables]
    direction = [rng.normal(size=weight.shape) for weight in weights]

    def move(shift):
        for variable, w, d in zip(policy.trainable_variables, weights, direction, strict=True):
            variable.assign(w + shift * d)

    def projected_at(shift):
        move(shift)
        return np.sum(predict(corrections)[0].numpy() * projection)

    slope = (projected_at(1e-6) - projected_at(-1e-6)) / 2e-6
    computed = sum(np.sum(g * d) for g, d in zip(gradient, direction, strict=True))
    np.testing.assert_allclose(computed, slope, rtol=1e-6)
    assert abs(slope) > 1e-2

    move(0.5)
    moved = unroll(policy, forward_model, segment)
    states = find_states(moved)
    np.testing.assert_allclose(states, predict(corrections)[0], rtol=1e-10)
    # Each step begins where the one before it led.
    np.testing.assert_array_equal(moved.observations, states[:-1])
    assert np.abs(states[-1] - segment.next_observation[-1]).max() > 0.1


@pytest.mark.parametrize("name", POLICIES)
def test_actions_are_those_that_acted(name):
    policy, forward_model = POLICIES[name](), FORWARD_MODELS["advanced"][0]()
    length, num_envs = 10, 8
    rng = np.random.default_rng(4)
    noise = policy.noise.sample([length, num_envs, ACTION], seed=4)
    states = [rng.normal(size=(num_envs, OBSERVATION)).astype(np.float32)]
    actions = []
    for step in range(length):
        actions.append(policy.sample(states[-1], noise[step]).numpy())
        push = actions[-1] @ np.ones((ACTION, OBSERVATION), np.float32)
        surprise = rng.normal(size=push.shape).astype(np.float32)
        states.append(np.tanh(states[-1] + push + surprise))
    states, zeros = np.array(states), np.zeros([length, num_envs], np.float32)
    segment = segments.constant(states[:-1], np.array(actions), noise, states[1:], zeros, zeros)
    rollout = unroll(policy, forward_model, segment)
    np.testing.assert_array_equal(rollout.actions, segment.action)


def test_objective_returns_the_costs_of_the_rollout(float64):
    (policy, discriminator, forward_model, segment), history = build("gaussian")
    networks = policy, discriminator, forward_model
    _, cost, rollout = objective(*networks, segment, DISCOUNT, history=history)
    assert isinstance(rollout, Rollout)
    for step in range(LENGTH):
        place = rollout.observations[step].numpy(), rollout.actions[step].numpy()
        expected, _, _ = judge(discriminator, *place)
        np.testing.assert_allclose(cost[step], expected, rtol=1e-10)


# Places (step, index) of a segment of 3 steps and 4 at a time.
ENDED = (0, 1), (1, 3), (2, 1)


@pytest.mark.parametrize("name", ["advanced, remembers all", "residual"])
def test_prediction_loss_is_the_mean_error_of_the_steps_up_to_an_end(float64, name):
    model = FORWARD_MODELS[name][0]()
    segment = segments.draw_segment(3, 4, OBSERVATION, ACTION, ends=ENDED, dtype=np.float64)
    loss = prediction_loss(model, segment)
    errors = []
    for index in range(4):
        memory = model.initial_memory(1)
        for step in range(3):
            now = segments.cut(segment, step, step, index)
            prediction, memory = model(now.observation[0], now.action[0], memory)
            errors.append(np.mean((prediction - now.next_observation[0]) ** 2))
            # Steps after an episode's end belong to the next one, which the memory knows not.
            if (step, index) in ENDED:
                break
    assert len(errors) == 9
    np.testing.assert_allclose(loss, np.mean(errors), rtol=1e-9)


def test_prediction_loss_ignores_what_follows_an_end(float64):
    model = FORWARD_MODELS["advanced"][0]()
    segment = segments.draw_segment(3, 4, OBSERVATION, ACTION, ends=ENDED, dtype=np.float64)
    loss = prediction_loss(model, segment)
    observation = segment.observation.numpy()
    observation[1:, 1] += 100.0
    observation[2:, 3] += 100.0
    changed = segment._replace(observation=tf.constant(observation))
    np.testing.assert_allclose(prediction_loss(model, changed), loss, rtol=1e-12)
