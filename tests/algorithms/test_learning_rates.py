import numpy as np
import pytest

from mgail_tf.algorithms.learning_rates import Cooldown


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 2.0), (60, 2.0), (80, 1.0), (90, 0.5), (97, 0.2), (500, 0.2)]
)
def test_a_rate_is_constant_and_then_falls_to_a_tenth(step, expected):
    np.testing.assert_allclose(Cooldown(2.0, 100, 0.4)(step), expected, rtol=1e-6)


@pytest.mark.parametrize("step", [0, 99, 500])
def test_a_rate_may_stay(step):
    assert Cooldown(2.0, 100, 0.0)(step) == 2.0


def test_a_rate_may_fall_from_the_beginning():
    rates = [float(Cooldown(1.0, 100, 1.0)(step)) for step in range(0, 101, 10)]
    np.testing.assert_allclose(rates, np.clip(1 - np.arange(11) / 10, 0.1, 1), rtol=1e-6)
