"""Episodes that are cut off at random, so that their beginnings stay frequent.

A policy that never falls acts for a thousand steps before it begins anew; of what it learns from,
a thousandth is beginnings, and it forgets them. The paper's expectation of the discounted cost
counts the step t of an episode gamma^t times, beginnings most; cut episodes lean towards that. How
far, was found by experiment.
"""

import gymnasium
import numpy as np


class CutEpisodes(gymnasium.Wrapper):
    """Truncates episodes; when, is drawn anew for each of them from its seed.

    Args:
      env: any environment.
      mean_steps: steps after which an episode is cut on average; lengths are geometric.
    """

    def __init__(self, env, mean_steps):
        super().__init__(env)
        self._mean_steps, self._steps_left = mean_steps, None

    def reset(self, *, seed=None, options=None):
        # Not the seed's own numbers, which the environment starts with, nor those of its first
        # child, which `DemonstratedStarts` draws from: the length would depend on the start.
        _, generator = np.random.default_rng(seed).spawn(2)
        self._steps_left = generator.geometric(1.0 / self._mean_steps)
        return self.env.reset(seed=seed, options=options)

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._steps_left -= 1
        return observation, reward, terminated, truncated or self._steps_left <= 0, info
