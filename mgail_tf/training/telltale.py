"""Observations that tell the agent from the expert, and that no policy can influence.

An identity number, the temperature of a laboratory, a sensor that was mounted the other way round:
a discriminator needs nothing else, and no policy can learn anything from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mgail_tf.envs.episodes import Episode
    from mgail_tf.training.imitation_distance import ImitationDistance

# Distributions that have nothing in common are 0.58 to 0.71 apart.
APART = 0.5
# Of the same distribution, a thousand pairs from few episodes may be so far apart.
THE_SAME = 0.15


def find(
    distance: ImitationDistance, episodes: Sequence[Episode], random: Sequence[Episode]
) -> tuple[int, ...]:
    """Returns the observations that are telltale, by their place in the vector.

    They have nothing in common with the demonstrated ones, and are the same whether the policy acts
    or actions are random.

    Args:
      distance: from the demonstrations.
      episodes: the policy's.
      random: of random actions.
    """
    # It imports TensorFlow, which takes seconds; what is wrong with a run is told before.
    from mgail_tf.training.imitation_distance import cramer_von_mises_of_each

    size = episodes[0].observations.shape[1]
    agent, aimless = (distance.pairs(each)[:, :size] for each in (episodes, random))
    expert = distance.demonstrated_pairs[:, :size]
    from_expert = np.minimum(
        cramer_von_mises_of_each(agent, expert), cramer_von_mises_of_each(aimless, expert)
    )
    uninfluenced = cramer_von_mises_of_each(agent, aimless) < THE_SAME
    return tuple(np.flatnonzero((from_expert > APART) & uninfluenced).tolist())
