import pytest

from mgail_tf.algorithms.distance import Distance
from mgail_tf.training.run_state import Closest, RunState


@pytest.mark.parametrize(
    ("distances", "chosen"),
    [
        ([0.5, 0.4, 0.3], 2),
        # The newest of those that are as close as any, give or take a quarter.
        ([0.5, 0.3, 0.36, 0.5], 2),
        ([0.3, 0.36, 0.2, 0.26, 0.36], 2),
        # Of one whose distance is unknown nothing is known.
        ([None, 0.5, None], 1),
    ],
)
def test_the_newest_of_the_closest_policies_is_kept(distances, chosen):
    closest = Closest()
    for step, distance in enumerate(distances):
        closest.consider(distance and Distance(distance, 0.0), step, {"weights": bytes([step])})
    again = Closest()
    again.deserialize(closest.serialize().encode())
    for each in closest, again:
        assert (each.env_steps, each.weights) == (chosen, {"weights": bytes([chosen])})
        assert each.smallest == (min(filter(None, distances)), 0.0)


def test_seconds_are_counted_between_calls(clock):
    state = RunState()
    clock.wait(2)
    assert state.count_seconds() == 2.0
    assert state.count_seconds() == 2.0
    clock.wait(3)
    assert state.count_seconds() == float(state.wall_seconds) == 5.0
    assert int(state.rounds) == 0 and float(state.evaluation_seconds) == 0.0
