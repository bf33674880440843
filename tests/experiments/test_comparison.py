"""The statistics, by hand."""

import numpy as np
import pytest

from experiments import comparison

pytest.importorskip("scipy")


def test_signed_ranks_by_hand():
    # Ranks 1 to 5, all upward: one of 32 ways to choose the signs, and as far on the other side.
    better = {key: [key / 10, key / 10 + 0.2] for key in range(1, 6)}
    worse = {key: [0.1] for key in range(1, 6)}
    told = comparison.signed_rank(better, worse)
    assert told == comparison.SignedRank(pairs=5, higher=5, equal=0, tied=0, p=2 / 32)
    assert comparison.signed_rank(worse, better) == told._replace(higher=0)


def test_only_what_both_have_is_compared():
    told = comparison.signed_rank({"a": [1.0], "b": [1.0]}, {"b": [0.5], "c": [9.0]})
    assert (told.pairs, told.higher, told.p) == (1, 1, 1.0)
    assert comparison.signed_rank({"a": [1.0]}, {}).pairs == 0


def test_ties_are_counted_and_equal_pairs_left_out():
    # Differences 0, 0, 0.3, 0.3, -0.3, 0.5; in floating point 0.1 + 0.2 - 0 is no 0.3.
    first = dict(enumerate([[1.0], [0.1 + 0.2], [0.1 + 0.2], [0.3], [0.0], [0.5]]))
    second = dict(enumerate([[1.0], [0.3], [0.0], [0.0], [0.3], [0.0]]))
    told = comparison.signed_rank(first, second)
    assert (told.pairs, told.equal, told.tied, told.higher) == (6, 2, 3, 3)
    # Ranks 2, 2, -2 and 4: a sum of 2 or less below or above has 2 x (1 + 3) of 16 choices.
    assert told.p == pytest.approx(8 / 16)


def test_nothing_differs():
    told = comparison.signed_rank({"a": [1.0, 1.0]}, {"a": [1.0]})
    assert (told.pairs, told.equal, told.higher) == (1, 1, 0) and np.isnan(told.p)


def test_the_middle_half_of_all_runs():
    returns = {"a": [8.0, 1.0, 3.0], "b": [100.0, 4.0, -50.0], "c": [5.0, 6.0]}
    # In order: -50 1 | 3 4 5 6 | 8 100.
    assert comparison.interquartile_mean(returns, 10).mean == pytest.approx(4.5)


def test_runs_are_drawn_within_their_cells():
    # Drawn over all cells, as one is not to, the mean would be anything between 0 and 1.
    constant = {key: [level, level] for key, level in enumerate([0.0, 0.25, 0.75, 1.0])}
    assert comparison.interquartile_mean(constant, 100) == (0.5, (0.5, 0.5))
    mean, interval = comparison.interquartile_mean({"a": [0.0, 1.0], "b": [0.0, 1.0]}, 1000)
    assert mean == 0.5 and interval == (0.0, 1.0)
    assert comparison.interquartile_mean({"a": [0.0, 1.0], "b": [1.0]}, 100).interval is None


def test_profile_by_hand():
    levels = np.array([-1.0, 0.0, 0.5, 1.0])
    fractions, interval = comparison.profile({"a": [0.0, 0.6], "b": [0.6, 1.0]}, levels, 100)
    assert list(fractions) == [1.0, 0.75, 0.75, 0.0]
    assert interval is not None
    low, high = interval
    # Of b both runs are above 0.5; of a none or both may be drawn.
    assert list(low) == [1.0, 0.5, 0.5, 0.0] and list(high) == [1.0, 1.0, 1.0, 0.0]
    assert comparison.profile({"a": [0.0]}, levels)[1] is None
