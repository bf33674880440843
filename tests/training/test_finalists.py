import pytest

from mgail_tf.algorithms.distance import Distance
from mgail_tf.training.finalists import Finalists, choose


def steps(distances, lengths=None):
    """The environment steps of those that are kept of policies with these distances."""
    finalists = Finalists()
    for step, distance in enumerate(distances):
        known = distance and Distance(distance, lengths[step] if lengths else 0.0)
        finalists.consider(known, step, {"weights": bytes([step])}, str(step))
    again = Finalists()
    again.deserialize(finalists.serialize().encode())
    assert again.policies == finalists.policies
    return [each.env_steps for each in finalists.policies]


@pytest.mark.parametrize(
    ("distances", "kept"),
    [
        ([0.5, 0.4, 0.3], [0, 1, 2]),
        # The newest of those that are as close as any, give or take a quarter.
        ([0.3, 0.3, 0.36, 0.3, 0.3, 0.36, 0.5], [3, 4, 5]),
        # Then the closest of the others.
        ([0.9, 0.5, 0.3, 0.6, 0.4, 0.36, 0.7], [2, 4, 5]),
        # Of one whose distance is unknown nothing is known.
        ([None, 0.5, None], [1]),
    ],
)
def test_which_policies_are_kept(distances, kept):
    assert steps(distances) == kept


def test_those_whose_episodes_end_earlier_are_not_as_close():
    assert steps([0.3] * 6, [0.0, 0.0, 0.01, 0.02, 0.0, 0.0]) == [1, 4, 5]


def test_what_a_run_has_gone_back_to_is_no_new_policy():
    finalists = Finalists()
    for step, distance in enumerate([0.2, 0.2, 0.2]):
        # The noise, which is a part of the weights, has another scale by now.
        finalists.consider(Distance(distance, 0.0), step, {"weights": bytes([step])}, "the same")
    [only] = finalists.policies
    assert (only.env_steps, only.weights) == (0, {"weights": b"\0"})


@pytest.mark.parametrize(
    ("distances", "chosen"),
    [
        ([(0.3, 0.0), (0.2, 0.0), (0.24, 0.0), (0.26, 0.0)], 2),
        ([(0.2, 0.0), (0.2, 0.01)], 0),
        ([(0.2, 0.0)], 0),
        ([(float("inf"), float("inf"))] * 2, 1),
    ],
)
def test_the_newest_of_the_closest_is_chosen(distances, chosen):
    assert choose([Distance(*each) for each in distances]) == chosen


def test_only_lengths_that_differ_hide_falls():
    finalists = Finalists()
    finalists.consider(Distance(0.3, 0.0), 0, {"weights": b"a"}, "a")
    assert not finalists.may_hide_falls
    finalists.consider(Distance(0.9, 0.1), 1, {"weights": b"b"}, "b")
    finalists.consider(Distance(0.2, 0.0), 2, {"weights": b"c"}, "c")
    again = Finalists()
    again.deserialize(finalists.serialize().encode())
    assert finalists.may_hide_falls and again.may_hide_falls
