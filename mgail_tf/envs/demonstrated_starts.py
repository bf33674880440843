"""Episodes that start where the expert has been, in simulators that can be put into a state."""

import gymnasium
from gymnasium.envs import classic_control
import numpy as np


class DemonstratedStarts(gymnasium.Wrapper):
    """Starts a share of the episodes in demonstrated states.

    Args:
      env: an environment for which `is_possible`.
      observations: [n, observation_size] the demonstrated ones, not encoded.
      share: of the episodes, from 0 to 1.
    """

    def __init__(self, env, observations, share):
        super().__init__(env)
        self._observations, self._share = observations, share

    def reset(self, *, seed=None, options=None):
        """Resets; the seed decides also whether and where in the demonstrations it starts."""
        observation, info = self.env.reset(seed=seed, options=options)
        # Not the seed's own numbers, which decide also when `CutEpisodes` ends the episode.
        [generator] = np.random.default_rng(seed).spawn(1)
        if generator.random() < self._share:
            observation = enter(self.env, generator.choice(self._observations))
        return observation, info


def is_possible(env):
    """Whether an environment's observations tell its state, and it can be put into it."""
    unwrapped = env.unwrapped
    if env.observation_space is not unwrapped.observation_space:
        return False  # A wrapper has made other observations of them.
    # MuJoCo's observations begin with positions (but for the horizontal one) and velocities.
    return hasattr(unwrapped, "observation_structure") or type(unwrapped) in _STATES


def enter(env: gymnasium.Env, observation: np.ndarray) -> np.ndarray:
    """Puts an environment that was just reset into a demonstrated state.

    Args:
      env: an environment for which `is_possible`.
      observation: [observation_size], not encoded.

    Returns:
      What is observed there; other than `observation` where that holds more than the state.
    """
    env = env.unwrapped
    if type(env) in _STATES:
        env.state = _STATES[type(env)](observation.astype(np.float64))
        return observation
    skipped = env.observation_structure.get("skipped_qpos", 0)
    split = len(env.init_qpos) - skipped
    positions = np.concatenate([env.init_qpos[:skipped], observation[:split]])
    env.set_state(positions, observation[split : split + len(env.init_qvel)])
    return env._get_obs()


def _acrobot_state(observation):
    cos1, sin1, cos2, sin2, *velocities = observation
    return np.array([np.arctan2(sin1, cos1), np.arctan2(sin2, cos2), *velocities])


_STATES = {
    classic_control.CartPoleEnv: np.array,
    classic_control.MountainCarEnv: np.array,
    classic_control.AcrobotEnv: _acrobot_state,
}
