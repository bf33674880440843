"""Whether one method is better than another: statistics as they are customary in the field.

Interquartile means with intervals by a stratified bootstrap, and performance profiles, are those of
Agarwal et al. (2021). Their own library, rliable, cannot be imported beside our release of pandas;
scipy has all of the parts.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mgail_tf.extras import needed

# Returns of the runs of a method, by what they are of: a cell of the table, or a task.
Returns = Mapping[Any, Sequence[float]]

CONFIDENCE = 0.95
RESAMPLES = 10_000
# Differences that are the same but for rounding are ties.
DIGITS = 6


class Aggregate(NamedTuple):
    """An interquartile mean, and the interval of its bootstrap; None if runs are too few for it."""

    mean: float
    interval: tuple[float, float] | None


class SignedRank(NamedTuple):
    """Wilcoxon's signed-rank test of paired means.

    Attributes:
      pairs: how many there are.
      higher: in how many the first is higher.
      equal: in how many both are the same; the test leaves them out.
      tied: how many of the others differ by as much as another, up or down.
      p: of both sides; NaN if nothing differs.
    """

    pairs: int
    higher: int
    equal: int
    tied: int
    p: float


def signed_rank(first: Returns, second: Returns) -> SignedRank:
    """Tests the means of what both methods have."""
    both = [key for key in first if key in second]
    means = [np.mean(first[key]) - np.mean(second[key]) for key in both]
    differences = np.round(np.array(means, np.float64), DIGITS)
    differing = differences[differences != 0]
    _, counts = np.unique(np.abs(differing), return_counts=True)
    return SignedRank(
        pairs=len(both),
        higher=int(np.sum(differences > 0)),
        equal=len(both) - len(differing),
        tied=int(counts[counts > 1].sum()),
        p=float(_stats().wilcoxon(differing).pvalue) if len(differing) else np.nan,
    )


def interquartile_mean(returns: Returns, resamples: int = RESAMPLES) -> Aggregate:
    """The mean of the middle half of all runs."""

    def mean(*strata: np.ndarray, axis: int = -1) -> np.ndarray:
        return _stats().trim_mean(np.concatenate(strata, axis), 0.25, axis)

    found = _strata(returns)
    interval = _interval(found, mean, resamples)
    return Aggregate(float(mean(*found)), interval and (float(interval[0]), float(interval[1])))


def profile(
    returns: Returns, levels: np.ndarray, resamples: int = RESAMPLES // 10
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """The fraction of runs above each level, and the interval of each; see `Aggregate`."""

    def above(*strata: np.ndarray, axis: int = -1) -> np.ndarray:
        runs = np.concatenate(strata, axis)
        return (runs > levels.reshape(-1, *[1] * runs.ndim)).mean(axis)

    found = _strata(returns)
    return above(*found), _interval(found, above, resamples)


def _strata(returns: Returns) -> list[np.ndarray]:
    return [np.array(values, np.float64) for values in returns.values()]


def _interval(
    strata: Sequence[np.ndarray], statistic: Callable[..., np.ndarray], resamples: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """The percentiles of a statistic of runs that are drawn anew within each stratum."""
    if min(map(len, strata)) < 2:
        return None
    drawn = _stats().bootstrap(
        strata,
        statistic,
        n_resamples=resamples,
        batch=100,
        vectorized=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return drawn.confidence_interval.low, drawn.confidence_interval.high


def _stats() -> Any:
    with needed("comparing methods", "studies"):
        from scipy import stats
    return stats
