"""Cuts training episodes off at random, because their beginnings would be too rare otherwise.

A policy that does not fall acts for a thousand steps before its next episode begins. Then one step
in a thousand is a beginning, and a policy that learns from so few beginnings forgets how to act in
them. Cut episodes make beginnings frequent. They also move the mixture of steps towards the paper's
objective, which counts the step t of an episode gamma^t times, so the beginning most. The mean
length was found by experiment.
"""

from typing import Any

import gymnasium
import numpy as np


class CutEpisodes(gymnasium.Wrapper):
    """Truncates each episode after a random number of steps, which its seed decides.

    Args:
      env: any environment.
      mean_length: mean number of steps after which an episode is cut; the distribution is
        geometric.
    """

    def __init__(self, env: gymnasium.Env, mean_length: float):
        super().__init__(env)
        self._mean_length, self._steps_left = mean_length, 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        # Not the seed's own numbers: the environment's start is made of them, and the length would
        # depend on the start.
        [generator] = np.random.default_rng(seed).spawn(1)
        self._steps_left = int(generator.geometric(1.0 / self._mean_length))
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._steps_left -= 1
        return observation, reward, terminated, truncated or self._steps_left <= 0, info
