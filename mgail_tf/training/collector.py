"""Acts in environments that run side by side."""

import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.learner import Act
from mgail_tf.data.replay import Segment
from mgail_tf.envs.parallel import ParallelEnvironments


class ParallelCollector(tf.Module):
    """Collects segments of the same length from all environments.

    Args:
      environments: where the agent acts.
      seed: of the actions' noise.
    """

    def __init__(self, environments: ParallelEnvironments, seed: int):
        super().__init__()
        self.environments, self._seed = environments, seed

    @property
    def steps(self) -> int:
        """Environment steps so far, of all environments together."""
        return self.environments.steps

    def collect(self, act: Act, length: int) -> Segment:
        """Acts for `length` steps in every environment (Algorithm 1, lines 3-6).

        Args:
          act: takes the observations [num_envs, ...] and a seed [2]; returns actions and noise.
          length: number of steps.

        Returns:
          A `Segment` [length, num_envs, ...] as the environments gave it, not encoded.
        """
        environments = self.environments
        steps = []
        for _ in range(length):
            observation = environments.observation
            # Each step has noise of its own, which does not depend on where a run was resumed.
            step = environments.steps // len(observation)
            action, noise = act(observation, np.array([self._seed, step], np.int32))
            action = action.numpy()
            outcome = environments.step(action)
            steps.append(Segment(observation, action, noise.numpy(), *outcome))
        return Segment(*(np.stack(values) for values in zip(*steps, strict=True)))


class NoCollector(tf.Module):
    """For algorithms that learn from the demonstrations alone."""

    steps = 0
