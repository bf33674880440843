import pytest
import tensorflow as tf

from mgail_tf.algorithms.mgail_options import Acting, Losses, MGAILOptions, Updates
from mgail_tf.algorithms.schedules import Schedules

# 10 rounds of 3 updates.
OPTIONS = MGAILOptions(
    acting=Acting(num_envs=4, segment_length=2, final_noise_scale=0.4),
    updates=Updates(policy_updates=3),
    losses=Losses(cloning_weight=5.0),
)


@pytest.fixture
def schedules():
    return Schedules(OPTIONS, 87)


@pytest.mark.parametrize(("updates", "scale"), [(0, 1.0), (10, 0.8), (30, 0.4), (40, 0.4)])
def test_noise_falls_linearly(updates, scale, schedules):
    assert float(schedules.noise_scale(tf.constant(updates))) == pytest.approx(scale)


@pytest.mark.parametrize(
    ("distance", "first", "middle"),
    [(0.0, 500.0, 50.0), (0.1, 500.0, 50.0), (0.5, 20.0, 10.0), (1.0, 5.0, 5.0), (3.0, 5.0, 5.0)],
)
def test_cloning_is_the_heavier_the_closer_the_clone_and_falls(distance, first, middle, schedules):
    schedules.begin_at(distance)
    expected = {0: first, 15: middle, 30: 5.0, 50: 5.0}
    weights = {each: float(schedules.cloning_weight(tf.constant(each))) for each in expected}
    assert weights == pytest.approx(expected)


def test_where_nothing_is_known_of_the_first_policy_the_weight_is_constant(schedules):
    assert [float(schedules.cloning_weight(tf.constant(each))) for each in (0, 20)] == [5.0, 5.0]
