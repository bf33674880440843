"""What is normalised by: means and deviations of what was demonstrated."""

from typing import NamedTuple

import numpy as np

# Values that differ by no more than so many rounding steps are the same value.
ROUNDING_STEPS = 4


class Statistics(NamedTuple):
    """Of each component of some vectors.

    Attributes:
      mean: [size] float64.
      deviation: [size] float64, the standard deviation; 0 where nothing but rounding varies.
      resolution: [size] float64, the rounding step of the values relative to their size.
    """

    mean: np.ndarray
    deviation: np.ndarray
    resolution: np.ndarray


def measure(values: np.ndarray) -> Statistics:
    """Measures vectors [n, size] of any number type; in float64, however many there are.

    What counts as constant depends on the component's own values only, so that any unit is as good
    as another.
    """
    return Statistics(*np.array([_measure(column) for column in values.T]).reshape(-1, 3).T)


def _measure(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, deviation and resolution of [n] numbers."""
    resolution = _resolution(values)
    values = values.astype(np.float64)
    # Measured from one of them, because the sum of many large numbers is not exact.
    first = values[0]
    difference = values - first
    deviation = difference.std()
    if deviation <= ROUNDING_STEPS * resolution * np.abs(values).max():
        deviation = 0.0
    return first + difference.mean(), deviation, resolution


def _resolution(values: np.ndarray) -> float:
    """The relative rounding step of the float type that [n] numbers were recorded in."""
    if not np.issubdtype(values.dtype, np.floating):
        return 0.0
    # Recordings of 32 bits are often kept in 64.
    with np.errstate(over="ignore"):
        single = (values == values.astype(np.float32)).all()
    return float(np.finfo(np.float32 if single else values.dtype).eps)
