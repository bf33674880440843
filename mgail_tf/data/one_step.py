"""Whether recorded steps lead where they lead in an environment.

Much of what a step does is close to linear in observation and action: positions follow velocities,
velocities follow forces. A linear prediction is fitted to steps of an environment. How wrong it is
about other steps of the same environment says how much it is worth, component by component; so what
is not linear, or noise, is not taken for a difference.
"""

import gymnasium
from gymnasium import spaces
import numpy as np

from mgail_tf.envs.flattening import flatten

# A component goes elsewhere if the prediction is so many times as wrong as it ever is in the
# environment, and wrong by this share of what a step changes; both in the median of the steps.
WORSE, SHARE = 10.0, 0.5
# Files may have rounded observations by this share of their size.
ROUNDING = 1e-6
# Fewer recorded steps tell too little, and so do fewer steps of the environment for each input.
ENOUGH, FOR_EACH_INPUT = 5, 2


def elsewhere(
    recorded: np.ndarray, environment: np.ndarray, size: int, action_space: gymnasium.Space
) -> np.ndarray:
    """Tells which components of observations go elsewhere than in the environment.

    Args:
      recorded, environment: [steps, 2 size + action_size] observation, action and next observation.
      size: of an observation.
      action_space: of the environment, which clips actions to its bounds.

    Returns:
      [size] bool.
    """
    if min(len(recorded), len(environment)) < ENOUGH or recorded.shape[1:] != environment.shape[1:]:
        return np.zeros(size, bool)
    inputs, changes = _inputs(environment, size, action_space), _changes(environment, size)
    half = len(environment) // 2
    if half < FOR_EACH_INPUT * inputs.shape[1]:
        return np.zeros(size, bool)
    mean, stddev = inputs.mean(0), inputs.std(0)
    stddev[stddev == 0.0] = 1.0

    def normalised(values: np.ndarray) -> np.ndarray:
        return np.column_stack([(values - mean) / stddev, np.ones(len(values))])

    # The other half was not fitted, and tells how far off the prediction may be.
    known = normalised(inputs)
    weights = np.linalg.lstsq(known[:half], changes[:half], rcond=None)[0]
    usual = np.abs(known @ weights - changes).max(0)
    change = _changes(recorded, size)
    error = np.abs(normalised(_inputs(recorded, size, action_space)) @ weights - change)
    wrong, moved = np.median(error, 0), np.median(np.abs(change), 0)
    largest = np.maximum(np.abs(recorded[:, :size]).max(0), np.abs(environment[:, :size]).max(0))
    return (wrong > WORSE * np.maximum(usual, ROUNDING * largest)) & (wrong > SHARE * moved)


def _changes(steps: np.ndarray, size: int) -> np.ndarray:
    return steps[:, -size:] - steps[:, :size]


def _inputs(steps: np.ndarray, size: int, space: gymnasium.Space) -> np.ndarray:
    """[steps, inputs] observations and actions; choices are one-hot."""
    observations, actions = steps[:, :size], steps[:, size:-size]
    if isinstance(space, spaces.Box):
        actions = np.clip(actions, space.low.ravel(), space.high.ravel())
    else:
        assert space.shape is not None
        choices = np.reshape(actions, [len(actions), *space.shape]).astype(space.dtype)
        actions = flatten(space, choices, len(actions))
    return np.column_stack([observations, actions])
