import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms.objective import Path
from mgail_tf.algorithms.returns import termination_cost, value_targets
from mgail_tf.data.replay import Segment
from mgail_tf.networks.value import Value

LENGTH, BATCH, DISCOUNT, COST_OF_TERMINATION = 5, 4, 0.9, 7.0


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


@pytest.mark.parametrize("decay", [0.0, 0.7, 1.0])
def test_targets_are_mixtures_of_returns(float64, decay):
    rng = np.random.default_rng(0)
    nowhere = np.full([LENGTH, BATCH, 3], np.nan)  # It is the path that counts.
    path = Path(rng.normal(size=(LENGTH + 1, BATCH, 3)), None, rng.random((LENGTH, BATCH)))
    terminated, ended = np.zeros([2, LENGTH, BATCH])
    terminated[2, 1] = ended[2, 1] = 1.0
    ended[1, 2] = 1.0  # By the time limit.
    terminated[4, 3] = ended[0, 3] = ended[4, 3] = 1.0
    fields = nowhere, nowhere, nowhere, nowhere, terminated, ended
    segment = Segment(*map(tf.constant, fields))
    value = Value([8])
    targets = value_targets(value, path, segment, DISCOUNT, decay, COST_OF_TERMINATION).numpy()

    beyond = np.where(terminated == 1.0, COST_OF_TERMINATION, value(path.observations[1:]))
    for b in range(BATCH):
        for t in range(LENGTH):
            ends = np.flatnonzero(ended[t:, b])
            last = t + ends[0] if len(ends) else LENGTH - 1
            seen = slice(t, last + 1)
            expected = expected_target(path.cost[seen, b], beyond[seen, b], decay)
            np.testing.assert_allclose(targets[t, b], expected, rtol=1e-9)


def test_targets_stay_below_the_highest_cost():
    path = Path(np.zeros([LENGTH + 1, BATCH, 3]), None, np.full([LENGTH, BATCH], 2.0))
    path.cost[3, 1] = 5.0
    segment = Segment(*(tf.zeros([LENGTH, BATCH], tf.float64) for _ in Segment._fields))

    def targets(estimate, cost_of_termination):
        def value(observations):
            return tf.fill(observations.shape[:-1], tf.constant(estimate, tf.float64))

        return value_targets(value, path, segment, DISCOUNT, 0.5, cost_of_termination).numpy()

    np.testing.assert_array_equal(targets(1000.0, 4.0), targets(5.0, 4.0))
    np.testing.assert_array_equal(targets(1000.0, 7.0), targets(7.0, 7.0))
    assert (targets(4.9, 4.0) < targets(5.0, 4.0)).all()


def test_value_is_the_higher_of_two_positive_estimates():
    value = Value([8])
    observations = np.random.default_rng(0).normal(scale=5.0, size=(100, 3)).astype(np.float32)
    higher = value(observations).numpy()
    estimates = value.estimates(observations).numpy()
    np.testing.assert_array_equal(higher, estimates.max(-1))
    assert (estimates > 0.0).all()
    assert 0.0 < np.mean(higher == estimates[:, 0]) < 1.0


def test_termination_cost_is_the_best_discriminators():
    agent_rate, expert_rate = 0.03, 0.01
    D = agent_rate / (agent_rate + expert_rate)
    np.testing.assert_allclose(termination_cost(agent_rate, expert_rate), -np.log(1.0 - D))
