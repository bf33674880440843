import numpy as np
import pytest

from mgail_tf import standard_errors


def test_of_a_mean_is_how_means_of_so_many_numbers_vary():
    rng = np.random.default_rng(0)
    means = rng.normal(3.0, 2.0, (20_000, 8)).mean(1)
    errors = [standard_errors.of_mean(values) or 0.0 for values in rng.normal(3.0, 2.0, (2000, 8))]
    assert np.mean(np.square(errors)) == pytest.approx(means.var(), rel=0.05)


@pytest.mark.parametrize("values", [[], [3.0], [1.0, np.nan], [1.0, np.inf]])
def test_of_what_is_not_known(values):
    assert standard_errors.of_mean(values) is None


@pytest.mark.parametrize(("achieved", "expert"), [(80.0, 100.0), (-50.0, 30.0), (10.0, -20.0)])
def test_of_a_normalized_return_is_how_it_varies_with_both_means(achieved, expert):
    rng, random = np.random.default_rng(0), 5.0
    a, e = rng.normal(achieved, 0.5, 200_000), rng.normal(expert, 0.8, 200_000)
    span = expert - random
    found = standard_errors.of_normalized_return((achieved - random) / span, span, 0.5, 0.8)
    assert found == pytest.approx(((a - random) / (e - random)).std(), rel=0.02)


def test_of_a_normalized_return_without_one_of_the_two():
    # Of one demonstration nothing is known, and the evaluation's error is left.
    assert standard_errors.of_normalized_return(0.9, -50.0, 2.0, None) == pytest.approx(0.04)
    assert standard_errors.of_normalized_return(0.9, 50.0, None, 2.0) is None
