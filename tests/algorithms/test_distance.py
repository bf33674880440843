import pytest

from mgail_tf.algorithms.distance import Distance


@pytest.mark.parametrize(
    ("whole", "of_lengths", "expected"),
    [
        (0.2, 0.05, True),
        (0.25, 0.05, True),
        (0.26, 0.05, False),
        # An episode that ends early counts, however close the others are.
        (0.2, 0.054, True),
        (0.2, 0.06, False),
        (0.1, 0.06, False),
    ],
)
def test_what_is_as_close_as_the_smallest(whole, of_lengths, expected):
    assert Distance(whole, of_lengths).is_as_close_as(Distance(0.2, 0.05)) == expected


@pytest.mark.parametrize(
    ("whole", "smallest", "expected"),
    # A factor is too strict between small distances, which are all those of good policies.
    [(0.31, 0.2, True), (0.29, 0.2, False), (0.035, 0.02, False), (0.045, 0.02, True)],
)
def test_a_small_difference_exceeds_nothing(whole, smallest, expected):
    assert Distance(whole, 0.0).exceeds(Distance(smallest, 0.0), 1.5) == expected
