import itertools

import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms.objective import limit_message, objective, unroll
from mgail_tf.data.replay import Segment
from mgail_tf.networks.discriminator import AGENT, EXPERT, Discriminator
from mgail_tf.networks.forward_model import AdvancedForwardModel, BasicForwardModel
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy
from mgail_tf.networks.value import Value

LENGTH, OBSERVATION, ACTION, DISCOUNT, TEMPERATURE = 4, 3, 2, 0.9, 0.7
# The step with which each segment's episode ends.
NEVER = -1
ENDS = NEVER, 1, LENGTH - 1

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


def draw_segment(policy, ends=ENDS, dtype=np.float64, length=LENGTH):
    """Random states, one the next one's predecessor unless an episode ended between the two.

    The policy acts in them.
    """
    rng = np.random.default_rng(1)
    shape = (length, len(ends))
    observation = rng.normal(size=(*shape, OBSERVATION))
    ended = (np.arange(length)[:, None] == np.array(ends)).astype(dtype)
    following = np.concatenate([observation[1:], rng.normal(size=(1, *shape[1:], OBSERVATION))])
    elsewhere = rng.normal(size=following.shape)
    following = np.where(ended[..., None] == 1.0, elsewhere, following)
    noise = policy.noise.sample((*shape, ACTION), seed=[0, 1]).numpy()
    action = np.array(
        [policy.sample(*step) for step in zip(observation.astype(dtype), noise, strict=True)]
    )
    values = observation, action, noise, following, ended, ended
    return Segment(*(tf.constant(value.astype(dtype)) for value in values))


def jacobians(function, inputs, weights=()):
    """A piece's value [batch, n], and its Jacobians.

    They are [batch, n, size] by each of the inputs [batch, size], and by all of the weights.
    """
    value = function(*inputs).numpy()
    batch, n = value.shape
    # For each of the n one copy of the inputs, all in one batch.
    copies = [tf.constant(np.repeat(each, n, 0)) for each in inputs]
    with tf.GradientTape() as tape:
        tape.watch(copies)
        copied = function(*copies)
    by_copies = tape.gradient(copied, copies, np.tile(np.eye(n), (batch, 1)), "zero")
    by_inputs = [part.numpy().reshape(batch, n, part.shape[-1]) for part in by_copies]

    with tf.GradientTape(persistent=True) as tape:
        elements = [tf.unstack(row) for row in tf.unstack(function(*inputs))] if weights else []

    def flat_gradient(y):
        parts = tape.gradient(y, weights, unconnected_gradients="zero")
        return np.concatenate([np.ravel(part) for part in parts])

    return value, by_inputs, np.array([[flat_gradient(y) for y in row] for row in elements])


def act(policy, observation, noise):
    """The actions a(s, xi), pi_s and pi_theta."""
    weights = policy.trainable_variables
    if isinstance(policy, CategoricalPolicy):
        logits, [by_s], by_theta = jacobians(lambda s: policy(s).logits, [observation], weights)
        relaxed = np.exp((logits + noise) / TEMPERATURE)
        relaxed /= relaxed.sum(-1, keepdims=True)
        action = np.eye(ACTION)[np.argmax(logits + noise, -1)]
        # The Jacobian of the softmax, (diag(p) - p p^T) / tau.
        by_value = relaxed[:, :, None] * (np.eye(ACTION) - relaxed[:, None, :]) / TEMPERATURE
    else:

        def mean_and_stddev(s):
            distribution = policy(s)
            return tf.concat([distribution.mean(), distribution.stddev()], -1)

        value, [by_s], by_theta = jacobians(mean_and_stddev, [observation], weights)
        action = value[:, :ACTION] + value[:, ACTION:] * noise  # Eq. 10.
        by_stddev = noise[:, :, None] * np.eye(ACTION)
        by_value = np.concatenate([np.eye(ACTION) + 0.0 * by_stddev, by_stddev], -1)
    return action, by_value @ by_s, by_value @ by_theta


def judge(discriminator, observation, action):
    """The costs -log(1 - D(s, a)), and their derivatives D_s, D_a."""
    logits, [by_s, by_a], _ = jacobians(discriminator, [observation, action])
    agent = 1.0 / (1.0 + np.exp(logits[:, EXPERT] - logits[:, AGENT]))
    D_s, D_a = (agent[:, None] * (by[:, AGENT] - by[:, EXPERT]) for by in (by_s, by_a))
    return -np.log(1.0 - agent), D_s, D_a


def differentiate_pieces(policy, discriminator, forward_model, segment, history):
    """What Eq. 12-13 are made of, at each step of each segment.

    The memory m is a part of the forward model's state, so they are about (s, m): it is s alone
    that costs, and f predicts both.
    """
    segment = Segment(*(value.numpy() for value in segment))
    segments = segment.observation.shape[1]
    steps = []
    for t in range(LENGTH):
        if t == 0 or (history and t % history == 0):
            memory = forward_model.initial_memory(segments).numpy()
        s = segment.observation[t]
        a, pi_s, pi_theta = act(policy, s, segment.noise[t])
        cost, D_s, D_a = judge(discriminator, s, a)
        predicted, [f_s, f_a, f_m], _ = jacobians(
            lambda s, a, m: tf.concat(forward_model(s, a, m), -1), [s, a, memory]
        )
        memory = predicted[:, OBSERVATION:]
        steps.append((cost, pi_s, pi_theta, D_s, D_a, f_s, f_a, f_m))

    return steps


def recursion(steps, history=None, message_limit=None, beyond=None):
    """J, dJ/dtheta of Eq. 12-13 from the `differentiate_pieces`, and the norms of all dJ/ds.

    `beyond` each segment that goes on there are these J and J_s.
    """
    J_beyond, J_s_beyond = beyond or (np.zeros(len(ENDS)), np.zeros([len(ENDS), OBSERVATION]))
    total, gradient, norms, segments = 0.0, 0.0, [], len(ENDS)
    for b, end in enumerate(ENDS):
        length = LENGTH if end == NEVER else end + 1
        J_s, J_m, J_theta = np.zeros(OBSERVATION), np.zeros(steps[0][-1].shape[-1]), 0.0
        if end == NEVER:
            total += DISCOUNT**LENGTH * J_beyond[b] / segments
            J_s = J_s_beyond[b]
        for t in reversed(range(length)):
            cost, pi_s, pi_theta, D_s, D_a, f_s, f_a, f_m = (piece[b] for piece in steps[t])
            if history and (t + 1) % history == 0:
                J_m = np.zeros_like(J_m)
            # J_s counts from t + 1 on, J from 0 on.
            norms.append(np.linalg.norm(DISCOUNT ** (t + 1) * J_s))
            if message_limit and norms[-1] > message_limit:
                J_s = J_s * message_limit / norms[-1]
            J_next = DISCOUNT * np.concatenate([J_s, J_m])
            J_a = D_a + J_next @ f_a
            J_theta = J_a @ pi_theta + DISCOUNT * J_theta
            J_s, J_m = D_s + J_a @ pi_s + J_next @ f_s, J_next @ f_m
            total += DISCOUNT**t * cost / segments
        gradient = gradient + J_theta / segments
    return total, gradient, np.array(norms)


def differentiate(policy, *networks_and_segment, **options):
    with tf.GradientTape() as tape:
        J, _ = objective(policy, *networks_and_segment, DISCOUNT, **options)
    gradient = tape.gradient(J, policy.trainable_variables)
    return J.numpy(), np.concatenate([np.ravel(part) for part in gradient])


def distance(gradient, expected):
    return np.linalg.norm(gradient - expected) / np.linalg.norm(expected)


def build(policy_name, forward_model_name="advanced", dtype=np.float64):
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


@pytest.mark.parametrize(
    ("policy", "forward_model"),
    [
        *itertools.product(["learned stddev", "categorical"], FORWARD_MODELS),
        ("gaussian", "advanced, remembers all"),
    ],
)
def test_gradient_is_the_recursion(float64, policy, forward_model):
    arguments, history = build(policy, forward_model)
    J, gradient = differentiate(*arguments, history=history)
    steps = differentiate_pieces(*arguments, history)
    expected_J, expected, _ = recursion(steps, history)
    np.testing.assert_allclose(J, expected_J, rtol=1e-10)
    assert distance(gradient, expected) < 1e-8
    # The messages about later states do matter here.
    assert distance(recursion(steps, history, message_limit=1e-9)[1], expected) > 0.05


def test_gradient_with_bounded_messages_is_the_recursion_with_bounded_messages(float64):
    arguments, _ = build("gaussian")
    steps = differentiate_pieces(*arguments, history=None)
    _, unbounded, norms = recursion(steps)
    limit = np.median(norms[norms > 0.0])  # So some are beyond it, and some are not.
    _, expected, _ = recursion(steps, message_limit=limit)
    _, gradient = differentiate(*arguments, message_limit=limit)
    assert distance(gradient, expected) < 1e-8
    assert distance(unbounded, expected) > 0.02


@pytest.mark.parametrize("limit", [None, 0.5])
def test_value_is_what_the_recursion_starts_with(float64, limit):
    arguments, _ = build("gaussian")
    value = Value([8])
    last = arguments[-1].next_observation[-1].numpy()
    # The value is a mean, J a discounted sum.
    J_beyond, [J_s_beyond], _ = jacobians(lambda s: value(s)[:, None] / (1.0 - DISCOUNT), [last])
    beyond = J_beyond[:, 0], J_s_beyond[:, 0]
    steps = differentiate_pieces(*arguments, history=None)
    expected_J, expected, _ = recursion(steps, message_limit=limit, beyond=beyond)
    J, gradient = differentiate(*arguments, value=value, message_limit=limit)
    np.testing.assert_allclose(J, expected_J, rtol=1e-10)
    assert distance(gradient, expected) < 1e-8
    assert distance(recursion(steps, message_limit=limit)[1], expected) > 0.005


@pytest.mark.parametrize("limit", [0.0, 1e6])
def test_no_bound_changes_nothing(limit):
    arguments, _ = build("gaussian", dtype=np.float32)
    expected, gradient = differentiate(*arguments), differentiate(*arguments, message_limit=limit)
    np.testing.assert_allclose(gradient[1], expected[1], rtol=1e-6)


def test_limit_message_shortens_what_is_too_long():
    observation = tf.zeros([3, 2])
    messages = np.array([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0]], np.float32)
    with tf.GradientTape() as tape:
        tape.watch(observation)
        limited = limit_message(observation, 2.0)
    np.testing.assert_array_equal(limited, observation)
    np.testing.assert_allclose(
        tape.gradient(limited, observation, messages),
        [[1.2, 1.6], [0.3, -0.4], [0.0, 0.0]],
        rtol=1e-6,
    )


def test_states_are_the_real_ones_bit_for_bit():
    policy, forward_model = POLICIES["gaussian"](), FORWARD_MODELS["advanced"][0]()
    segment = draw_segment(policy, [NEVER] * 50, np.float32, length=10)
    observations, _ = unroll(policy, forward_model, segment, history=1)
    np.testing.assert_array_equal(observations[0], segment.observation[0])
    np.testing.assert_array_equal(observations[1:], segment.next_observation)


def test_states_move_as_the_forward_model_predicts(float64):
    (policy, _, forward_model, _), _ = build("learned stddev")
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

    _, corrections = predict(None)
    rng = np.random.default_rng(3)
    projection = rng.normal(size=(LENGTH + 1, 3, OBSERVATION))
    with tf.GradientTape() as tape:
        observations, _ = unroll(policy, forward_model, segment)
        projected = tf.reduce_sum(observations * projection)
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
    moved, _ = unroll(policy, forward_model, segment)
    np.testing.assert_allclose(moved, predict(corrections)[0], rtol=1e-10)
    assert np.abs(moved[-1] - segment.next_observation[-1]).max() > 0.1


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
    fields = states[:-1], np.array(actions), noise, states[1:], zeros, zeros
    segment = Segment(*map(tf.constant, fields))
    _, replayed = unroll(policy, forward_model, segment)
    np.testing.assert_array_equal(replayed, segment.action)
