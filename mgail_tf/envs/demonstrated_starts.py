"""Puts simulators into the states that the expert has been in."""

from typing import Any

import gymnasium
from gymnasium.envs import classic_control
import numpy as np


def is_possible(env: gymnasium.Env) -> bool:
    """Whether an environment's observations tell its state, and it can be put into that state."""
    unwrapped = env.unwrapped
    if env.observation_space is not unwrapped.observation_space:
        return False  # A wrapper has made something else of the observations.
    # MuJoCo's observations begin with positions (but for the horizontal one) and velocities.
    return hasattr(unwrapped, "observation_structure") or type(unwrapped) in _STATES


def enter(env: gymnasium.Env, observation: np.ndarray) -> np.ndarray:
    """Puts an environment that was just reset into a demonstrated state.

    Args:
      env: an environment for which `is_possible`.
      observation: [observation_size], not encoded.

    Returns:
      What is observed there. It differs from `observation` where that holds more than the state.
    """
    unwrapped: Any = env.unwrapped
    if type(unwrapped) in _STATES:
        unwrapped.state = _STATES[type(unwrapped)](observation.astype(np.float64))
        return observation
    skipped = unwrapped.observation_structure.get("skipped_qpos", 0)
    split = len(unwrapped.init_qpos) - skipped
    positions = np.concatenate([unwrapped.init_qpos[:skipped], observation[:split]])
    unwrapped.set_state(positions, observation[split : split + len(unwrapped.init_qvel)])
    return unwrapped._get_obs()


def _acrobot_state(observation: np.ndarray) -> np.ndarray:
    cos1, sin1, cos2, sin2, *velocities = observation
    return np.array([np.arctan2(sin1, cos1), np.arctan2(sin2, cos2), *velocities])


_STATES: dict[type, Any] = {
    classic_control.CartPoleEnv: np.array,
    classic_control.MountainCarEnv: np.array,
    classic_control.AcrobotEnv: _acrobot_state,
}
