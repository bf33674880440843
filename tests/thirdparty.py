"""A package as users have them: an import registers its environments with gymnasium."""

from typing import Any

import gymnasium
from gymnasium.spaces import Box, Discrete
import numpy as np


class Reach(gymnasium.Env):
    """A point moves to 0 and the task ends there; its observations are 64-bit numbers."""

    observation_space = Box(-np.inf, np.inf, (2,), np.float64)
    metadata = {"render_modes": []}

    def __init__(self, action_space):
        self.action_space = action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.np_random.uniform(1.0, 3.0)
        return self._observation(), {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"{action!r} is not in {self.action_space}")
        if isinstance(self.action_space, Discrete):
            velocity = float(action - self.action_space.start - 1)
        else:
            velocity = float(action[0])
        self.place += 0.2 * np.clip(velocity, -1.0, 1.0)
        reached = bool(abs(self.place) < 0.15)
        # The task may also be given up, before any time limit.
        return self._observation(), float(reached), reached, bool(abs(self.place) > 4.0), {}

    def _observation(self):
        return np.array([self.place, np.sin(self.place)])


SPACES = {
    "Asymmetric": Box(np.array([-1.0], np.float32), np.array([3.0], np.float32)),
    "Unbounded": Box(-np.inf, np.inf, (1,)),
    "HalfBounded": Box(np.array([-1.0], np.float32), np.array([np.inf], np.float32)),
    "Double": Box(-1.0, 1.0, (1,), np.float64),
    "Discrete": Discrete(3, start=5),
    "Whole": Box(-2, 3, (1,), np.int64),
}


def expert(env_name, observation):
    """What an expert does in each of them: it moves towards 0."""
    velocity = -np.sign(observation[0])
    space = SPACES[env_name]
    if isinstance(space, Discrete):
        return np.int64(space.start + 1 + velocity)
    return np.array([velocity], space.dtype)


reach: Any = Reach  # Gymnasium takes a class, its annotation does not say so.
for name, space in SPACES.items():
    gymnasium.register(f"{name}-v0", reach, max_episode_steps=60, kwargs={"action_space": space})
