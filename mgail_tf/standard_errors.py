"""How far mean returns may be off because they are means of so many episodes."""

from collections.abc import Sequence
import math

import numpy as np


def of_mean(values: Sequence[float] | np.ndarray) -> float | None:
    """Returns the standard error of the mean of some numbers; None if one number is all there is.

    It is None also if a number is not finite.
    """
    values = np.asarray(values, np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def of_normalized_return(
    normalized: float, span: float, achieved: float | None, expert: float | None
) -> float | None:
    """Returns the standard error of a normalised return (a - r) / (e - r).

    By the delta method: its derivative is 1 / (e - r) by the achieved mean a, and minus the
    normalised return times that by the expert's mean e. Both means have errors of their own, which
    are independent. The random policy's mean r has none: it is the same 20 episodes in every run,
    and a convention more than a measurement.

    Args:
      normalized: the normalised return.
      span: e - r, not 0.
      achieved: standard error of a; if it is not known (None), neither is the result.
      expert: standard error of e; if it is not known, as of a single demonstration, e is taken as
        exact, and the result is that of the evaluation alone.
    """
    if achieved is None:
        return None
    return math.hypot(achieved, normalized * (expert or 0.0)) / abs(span)
