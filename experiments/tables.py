"""Cells of tables."""

from collections.abc import Iterable, Mapping

import numpy as np

from experiments.result import Result

EMPTY = "-"


def final_returns(results: Mapping[str, Result], names: Iterable[str]) -> str:
    """The final normalised returns of some runs; a dash for each that is not finished."""
    found = [results.get(name) for name in names]
    return " ".join(
        EMPTY if result is None else number(result.normalized_return) for result in found
    )


def number(value: float, digits: int = 3) -> str:
    """A normalised return in words."""
    return "not known" if np.isnan(value) else f"{value:.{digits}f}"


def mean_and_deviation(values: Iterable[float]) -> str:
    """The mean of some numbers and their deviation; a dash if there are none."""
    array = np.array(list(values))
    return f"{number(array.mean())} +- {array.std():.3f}" if array.size else EMPTY


def mean(values: np.ndarray) -> str:
    """The mean of some numbers; a dash if there are none."""
    return number(float(values.mean()), 2) if values.size else EMPTY
