"""J and its gradient, which is what the recursion of Eq. 12-13 computes."""

import itertools

import numpy as np
from objectives import (
    DISCOUNT,
    ENDS,
    FORWARD_MODELS,
    LENGTH,
    NEVER,
    OBSERVATION,
    RESTARTS,
    build,
    differentiate,
    distance,
    draw_segment,
    flatten,
)
import pytest
from recursion import differentiate_beyond, differentiate_pieces, find_parts, judge, recursion
import segments
import tensorflow as tf

from mgail_tf.algorithms.objective import Rollout, clip_state_gradient, objective
from mgail_tf.networks.value import Value


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
    steps = differentiate_pieces(*arguments, history=history, restart=restart)
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


def test_the_bound_grows_with_the_root_of_the_number_of_components(float64, monkeypatch):
    arguments, _ = build("gaussian")
    _, _, norms = recursion(differentiate_pieces(*arguments))
    clip = np.median(norms[norms > 0.0])
    usual, wider = (differentiate(*arguments, state_gradient_clip=c)[1] for c in (clip, 2 * clip))
    assert distance(usual, wider) > 0.01
    monkeypatch.setattr("mgail_tf.algorithms.objective.FEW", OBSERVATION / 4)
    gradient = differentiate(*arguments, state_gradient_clip=clip)[1]
    assert distance(gradient, wider) < 1e-8


def sloping_value(segment):
    """A value that has learned something: a new one is the same everywhere."""
    value = Value([8])
    value(segment.observation[0])
    value.set_weights([weight + 0.1 for weight in value.get_weights()])
    return value


@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS.keys())
@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_value_is_what_the_recursion_starts_with(float64, clip, restart):
    arguments, _ = build("gaussian")
    value = sloping_value(arguments[-1])
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
    value = sloping_value(segment)

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


def test_objective_returns_the_costs_of_the_rollout(float64):
    (policy, discriminator, forward_model, segment), history = build("gaussian")
    networks = policy, discriminator, forward_model
    _, cost, rollout = objective(*networks, segment, DISCOUNT, history=history)
    assert isinstance(rollout, Rollout)
    for step in range(LENGTH):
        place = rollout.observations[step].numpy(), rollout.actions[step].numpy()
        expected, _, _ = judge(discriminator, *place)
        np.testing.assert_allclose(cost[step], expected, rtol=1e-10)
