from typing import Any

import keras
import numpy as np
import pytest

from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.way_back import WayBack


@pytest.fixture
def policies():
    """The policy, and the one that is evaluated."""
    made: Any = [keras.Sequential([keras.layers.Input([2]), keras.layers.Dense(1)]) for _ in "ab"]
    return made


def learn(policies, number):
    for policy in policies:
        policy.set_weights([np.full(weight.shape, number) for weight in policy.get_weights()])


def run(policies, distances, astray=1.5):
    """The policy after each evaluation; at the i-th one, it has learned i, from where it was."""
    way_back, seen = WayBack(policies[1], astray), []
    for index, distance in enumerate(distances):
        learn(policies, index)
        way_back.mark(policies[1])
        learn(policies, 100 + index)  # While the evaluation is on its way.
        way_back.evaluated(Distance(distance, 0.01), policies)
        weights = [weight for policy in policies for weight in policy.get_weights()]
        [value] = {float(number) for weight in weights for number in weight.ravel()}
        seen.append(value)
    return seen, int(way_back.times)


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([0.4, 0.3, 0.2], [100, 101, 102]),
        # The second time in a row.
        ([0.2, 0.31, 0.31], [100, 101, 0]),
        ([0.2, 0.31, 0.25, 0.31], [100, 101, 102, 103]),
        # And then two times once more.
        ([0.2, 0.31, 0.31, 0.31, 0.31], [100, 101, 0, 103, 0]),
        # Neither as close nor astray: it goes on, but is nothing to go back to.
        ([0.2, 0.28, 0.31, 0.31], [100, 101, 102, 0]),
        # As close as any: the newest.
        ([0.2, 0.24, 0.31, 0.31], [100, 101, 102, 1]),
        # A quarter above the smallest, not above the last one that was as close.
        ([0.2, 0.24, 0.28, 0.4, 0.4], [100, 101, 102, 103, 1]),
        ([0.4, 0.7, 0.7, 0.2, 0.7, 0.7], [100, 101, 0, 103, 104, 3]),
        # No third time, unless there is a newer one as close.
        ([0.2, *[0.31] * 7], [100, 101, 0, 103, 0, 105, 106, 107]),
        ([0.2, *[0.31] * 6, 0.22, 0.31, 0.31], [100, 101, 0, 103, 0, 105, 106, 107, 108, 7]),
    ],
)
def test_goes_back_to_the_newest_of_the_closest(distances, expected, policies):
    seen, times = run(policies, distances)
    assert seen == expected and times == sum(value < 100 for value in expected)


def test_a_policy_that_is_evaluated_again_is_no_newer_one(policies):
    way_back = WayBack(policies[1], 1.5)
    for attempt in range(3):
        learn(policies, 1)
        for distance in 0.2, 0.31, 0.31:
            way_back.mark(policies[1])
            way_back.evaluated(Distance(distance, 0.01), policies)
            went_back = int(way_back.times) > attempt
            learn(policies, 2)
        assert went_back == (attempt < 2)


def test_never_goes_back_where_nothing_is_astray(policies):
    assert run(policies, [0.1, 9.0, 9.0], astray=0.0) == ([100, 101, 102], 0)
