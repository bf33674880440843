import numpy as np
import pytest

from mgail_tf.networks.statistics import measure

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(500, 1))


@pytest.mark.parametrize("offset", [0.0, 0.3, -5.8e6])
@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1.0, 1e6])
def test_deviations_of_any_unit_and_offset(scale, offset):
    values = VALUES * scale + offset * max(scale, 1e-3)
    measured = measure(values)
    np.testing.assert_allclose(measured.mean, values.mean(0), rtol=1e-9, atol=1e-9 * scale)
    # An offset leaves less of the numbers.
    np.testing.assert_allclose(measured.deviation, VALUES.std(0) * scale, rtol=1e-3)


def test_components_of_very_different_size():
    values = np.concatenate([VALUES * 1e-6, VALUES[::-1] * 1e6], 1)
    for recorded in values, values.astype(np.float32):
        measured = measure(recorded)
        np.testing.assert_allclose(measured.deviation, values.std(0), rtol=1e-6)


@pytest.mark.parametrize("value", [20.1, 300.3, -1e-7, 4e9, 0.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constants_do_not_vary_however_many_there_are(dtype, value):
    # The mean and deviation that NumPy takes of so many numbers of 32 bits are far off.
    values = np.full([200_000, 1], value, dtype)
    measured = measure(values)
    assert measured.mean == values[0] and measured.deviation == 0.0


def test_a_million_rows():
    values = RNG.normal(20.1, 1e-3, size=(1_000_000, 1)).astype(np.float32)
    expected = values.astype(np.float64)
    measured = measure(values)
    np.testing.assert_allclose(measured.mean, expected.mean(0), rtol=1e-9)
    np.testing.assert_allclose(measured.deviation, expected.std(0), rtol=1e-6)


@pytest.mark.parametrize("kept", [np.float32, np.float64])
@pytest.mark.parametrize("recorded", [np.float32, np.float64])
def test_rounding_is_no_variation(recorded, kept):
    step = np.spacing(recorded(300.3))
    values = (recorded(300.3) + step * RNG.integers(-1, 2, 1000)).astype(recorded)[:, None]
    if recorded == np.float64 and kept == np.float32:
        return
    assert measure(values.astype(kept)).deviation == 0.0
    # Ten times as much is.
    values = (recorded(300.3) + 10 * step * RNG.integers(-1, 2, 1000)).astype(recorded)[:, None]
    assert measure(values.astype(kept)).deviation > 0.0


def test_whole_numbers_have_no_rounding():
    values = np.array([[2**60], [2**60 + 2**10]])
    np.testing.assert_allclose(measure(values).deviation, 2.0**9)
    assert measure(np.array([[7], [7]])).deviation == 0.0
