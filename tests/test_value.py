import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.discriminator import AGENT, EXPERT, Discriminator
from mgail_tf.replay import Segment
from mgail_tf.value import Value, termination_cost, value_targets

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
    observation, following = rng.normal(size=(2, LENGTH, BATCH, 3))
    action, noise = rng.normal(size=(2, LENGTH, BATCH, 2))
    terminated, ended = np.zeros([2, LENGTH, BATCH])
    terminated[2, 1] = ended[2, 1] = 1.0
    ended[1, 2] = 1.0  # By the time limit.
    terminated[4, 3] = ended[0, 3] = ended[4, 3] = 1.0
    fields = observation, action, noise, following, terminated, ended
    segment = Segment(*map(tf.constant, fields))
    value, discriminator = Value([8]), Discriminator([8])
    targets = value_targets(
        value, discriminator, segment, DISCOUNT, decay, COST_OF_TERMINATION
    ).numpy()

    logits = discriminator(observation, action).numpy()
    cost = np.log1p(np.exp(logits[..., AGENT] - logits[..., EXPERT]))
    beyond = np.where(terminated == 1.0, COST_OF_TERMINATION, value(following))
    for b in range(BATCH):
        for t in range(LENGTH):
            ends = np.flatnonzero(ended[t:, b])
            last = t + ends[0] if len(ends) else LENGTH - 1
            seen = slice(t, last + 1)
            expected = expected_target(cost[seen, b], beyond[seen, b], decay)
            np.testing.assert_allclose(targets[t, b], expected, rtol=1e-9)


def test_termination_cost_is_the_best_discriminators():
    agent_rate, expert_rate = 0.03, 0.01
    D = agent_rate / (agent_rate + expert_rate)
    np.testing.assert_allclose(termination_cost(agent_rate, expert_rate), -np.log(1.0 - D))
