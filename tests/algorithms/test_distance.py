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
