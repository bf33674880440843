import numpy as np
import segments
import tensorflow as tf

from mgail_tf.algorithms.histograms import compare
from mgail_tf.networks.discriminator import AGENT, EXPERT, Discriminator

BATCH = 6


def draw_pairs(observation_size, seed=0):
    """Random observations [BATCH, observation_size] and actions [BATCH, 2]."""
    segment = segments.draw_segment(1, BATCH, observation_size, 2, seed=seed)
    return segment.observation[0], segment.action[0]


def test_components_and_log_odds_of_both_sides():
    discriminator = Discriminator([5])
    sides = {name: draw_pairs(3, seed) for seed, name in enumerate(["agent", "expert"])}
    arrays = compare(discriminator, sides["agent"], sides["expert"])
    assert len(arrays) == 2 * (3 + 2 + 1)
    for side, (observation, action) in sides.items():
        for index in range(3):
            expected = observation[:, index]
            np.testing.assert_array_equal(arrays[f"observation/0{index}_{side}"], expected)
        for index in range(2):
            expected = action[:, index]
            np.testing.assert_array_equal(arrays[f"action/0{index}_{side}"], expected)
        probabilities = tf.nn.softmax(discriminator(observation, action)).numpy()
        expected = np.log(probabilities[:, EXPERT] / probabilities[:, AGENT])
        odds = arrays[f"discriminator/log_odds_{side}"]
        np.testing.assert_allclose(odds, expected, rtol=1e-4, atol=1e-6)
        assert np.abs(expected).max() > 0.1


def test_of_long_observations_the_first_20_components_are_shown():
    pairs = draw_pairs(23)
    arrays = compare(Discriminator([5]), pairs, pairs)
    shown = [name for name in arrays if name.startswith("observation/") and "agent" in name]
    assert shown == [f"observation/{index:02}_agent" for index in range(20)]
