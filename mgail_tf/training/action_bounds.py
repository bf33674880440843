"""How many actions are at their bounds."""

import gymnasium
import numpy as np


def share_at_bounds(actions: np.ndarray, space: gymnasium.Space) -> float | None:
    """Returns the part of the numbers of actions that are at a bound, or beyond it.

    Args:
      actions: [pairs, ...] as the environment executes them.
      space: the environment's space of actions.

    Returns:
      From 0 to 1; None where no number has two bounds, as with choices.
    """
    if not isinstance(space, gymnasium.spaces.Box):
        return None
    bounded = np.isfinite(space.low) & np.isfinite(space.high) & (space.low < space.high)
    if not bounded.any():
        return None
    at_bounds = (actions <= space.low) | (actions >= space.high)
    return float(at_bounds[:, bounded].mean())
