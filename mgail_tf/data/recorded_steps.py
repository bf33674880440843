"""Recorded steps, one a row, and the episodes that they make."""

from typing import NamedTuple

import numpy as np

from mgail_tf.envs.episodes import Episode


class RecordedSteps(NamedTuple):
    """Steps of one episode after the other.

    Attributes:
      observations: [steps, ...] before each step.
      actions: [steps, ...].
      rewards: [steps]; NaN where they are not known.
      terminated: [steps] bool, whether the task ended the episode with the step.
      ends: [steps] bool, whether the step is the last one of its episode for any reason.
      next_observations: [steps, ...] after each step; None if they were not recorded.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    ends: np.ndarray
    next_observations: np.ndarray | None = None

    def episodes(self) -> list[Episode]:
        """Splits the steps into episodes; the last row ends one, too.

        Without `next_observations` nothing tells where the last action of an episode led. That
        action is left out, so the episode is shorter by one step. Its reward is added to that of
        the step before, because the return must stay what it was.
        """
        bounds = np.union1d(np.flatnonzero(self.ends) + 1, [0, len(self.actions)])
        return [
            self._episode(int(start), int(end))
            for start, end in zip(bounds[:-1], bounds[1:], strict=True)
        ]

    def _episode(self, start: int, end: int) -> Episode:
        observations, actions = self.observations[start:end], self.actions[start:end]
        rewards = self.rewards[start:end].astype(np.float64)
        if self.next_observations is None:
            actions, rewards, last = actions[:-1], rewards[:-1], rewards[-1]
            rewards[-1:] += last
        else:
            observations = np.concatenate([observations, self.next_observations[end - 1 : end]])
        return Episode(observations, actions, rewards, bool(self.terminated[start:end].any()))
