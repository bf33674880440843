import functools
from typing import Any

import numpy as np
import pytest
import segments
import tensorflow as tf

from mgail_tf.algorithms.objective import Rollout
from mgail_tf.algorithms.returns import termination_cost, value_targets
from mgail_tf.networks.value import Value

LENGTH, BATCH, DISCOUNT, COST_OF_TERMINATION = 5, 4, 0.9, 7.0
# Places (step, index); episodes that end elsewhere are cut off by the time limit.
TERMINATIONS = (2, 1), (4, 3)
ENDS = (1, 2), (0, 3)


def expected_target(costs, beyond, decay):
    """The mixture of the returns of 1, 2, ... steps; the last is of all that are seen."""
    steps = len(costs)
    counts = np.arange(1, steps + 1)
    returns = [
        (1.0 - DISCOUNT) * np.sum(DISCOUNT ** np.arange(n) * costs[:n])
        + DISCOUNT**n * beyond[n - 1]
        for n in counts
    ]
    weights = (1.0 - decay) * decay ** (counts - 1.0)
    weights[-1] = decay ** (steps - 1.0)
    return np.sum(weights * returns)


def draw_rollout(dtype=np.float64):
    rng = np.random.default_rng(0)
    observations, next_observations = rng.normal(size=(2, LENGTH, BATCH, 3)).astype(dtype)
    return Rollout(
        tf.constant(observations),
        tf.constant(np.full([LENGTH, BATCH, 2], np.nan, dtype)),
        tf.constant(next_observations),
    )


def end_segment(ends=ENDS, terminations=TERMINATIONS, dtype=np.float64):
    """A segment of which only the ends matter: it is the rollout that counts."""
    segment = segments.draw_segment(
        LENGTH, BATCH, ends=ends, terminations=terminations, dtype=dtype
    )
    nowhere = tf.fill(segment.observation.shape, tf.constant(np.nan, dtype))
    return segment._replace(observation=nowhere, next_observation=nowhere)


def estimate(number) -> Any:
    """A value that is the same everywhere."""
    return lambda observations: tf.fill(observations.shape[:-1], tf.constant(number, tf.float64))


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.7, 1.0])
def test_targets_are_mixtures_of_returns(float64, decay, restart):
    rollout, segment, value = draw_rollout(), end_segment(), Value([8])
    cost = np.random.default_rng(1).random((LENGTH, BATCH)) + 2.0  # V is below 2 here.
    targets = value_targets(
        value,
        tf.constant(cost),
        rollout,
        segment,
        discount=DISCOUNT,
        decay=decay,
        cost_of_termination=COST_OF_TERMINATION,
        restart=restart,
    ).numpy()
    estimates = value(rollout.next_observations).numpy()
    assert estimates.max() < 2.0
    beyond = np.where(segment.terminated == 1.0, COST_OF_TERMINATION, estimates)
    for b in range(BATCH):
        for t in range(LENGTH):
            ends = np.flatnonzero(segment.ended[t:, b])
            last = t + ends[0] if len(ends) else LENGTH - 1
            seen = slice(t, last + 1)
            expected = expected_target(cost[seen, b], beyond[seen, b], decay)
            np.testing.assert_allclose(targets[t, b], expected, rtol=1e-9)


def bounded_targets(number, cost_of_termination, cost, segment, restart=False):
    return value_targets(
        estimate(number),
        tf.constant(cost),
        draw_rollout(),
        segment,
        discount=DISCOUNT,
        decay=0.5,
        cost_of_termination=cost_of_termination,
        restart=restart,
    ).numpy()


def test_targets_stay_below_the_highest_cost():
    cost = np.full([LENGTH, BATCH], 2.0)
    cost[3, 1] = 5.0
    segment = end_segment((), ())

    def targets(number, cost_of_termination):
        return bounded_targets(number, cost_of_termination, cost, segment)

    np.testing.assert_array_equal(targets(1000.0, 4.0), targets(5.0, 4.0))
    np.testing.assert_array_equal(targets(1000.0, 7.0), targets(7.0, 7.0))
    assert (targets(4.9, 4.0) < targets(5.0, 4.0)).all()


def test_a_cost_after_an_end_lifts_no_target_before_it():
    cost = np.full([LENGTH, BATCH], 1.0)
    segment = end_segment(ends=[(1, 2)], terminations=())
    alive = segment.alive.numpy() == 1.0
    expected = bounded_targets(1000.0, 0.5, cost, segment)[alive]
    # Nobody takes this step: the episode has ended, and the rollout goes on from the old one.
    cost[3, 2] = 40.0
    targets = bounded_targets(1000.0, 0.5, cost, segment)
    np.testing.assert_array_equal(targets[alive], expected)
    np.testing.assert_allclose(targets[alive], 1.0, rtol=1e-12)
    # With restarts the step is the next episode's.
    restarted = bounded_targets(1000.0, 0.5, cost, segment, restart=True)
    assert (restarted[alive] > 10.0).all()


def test_termination_cost_is_the_best_discriminators():
    agent_rate, expert_rate = 0.03, 0.01
    D = agent_rate / (agent_rate + expert_rate)
    np.testing.assert_allclose(
        termination_cost(tf.constant(agent_rate), expert_rate), -np.log(1.0 - D), rtol=1e-6
    )


def test_going_on_is_never_dearer_than_a_termination():
    # The expert falls ten times as often: falling as such is cheap.
    cheap, going_on = np.log(1.1), 0.8
    cost = functools.partial(termination_cost, 0.001, 0.01)
    np.testing.assert_allclose(cost(going_on), cheap, rtol=1e-6)
    np.testing.assert_allclose(cost(going_on, margin=1.5), 1.2, rtol=1e-6)
    # Where the agent falls too often, that costs more.
    np.testing.assert_allclose(
        termination_cost(0.1, 0.01, going_on, margin=1.5), np.log(11.0), rtol=1e-6
    )


def test_an_agent_that_has_not_found_the_goal_is_not_kept_from_it():
    cost = functools.partial(termination_cost, mean_cost=0.8, margin=1.5, is_goal=True)
    assert float(cost(0.0, 0.01)) == 0.0
    np.testing.assert_allclose(cost(0.005, 0.01), 0.6, rtol=1e-6)
    # One that ends its episodes sooner than the expert does not end them where the expert does.
    np.testing.assert_allclose(cost(0.01, 0.01), 1.2, rtol=1e-6)
    np.testing.assert_allclose(cost(0.02, 0.01), 1.2, rtol=1e-6)
