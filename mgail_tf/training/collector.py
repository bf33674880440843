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

    Attributes:
      cut: [num_envs] bool, whether the last step before the newest segment was its episode's last,
        although nobody knew that then.
    """

    def __init__(self, environments: ParallelEnvironments, seed: int):
        super().__init__()
        self.environments, self._seed = environments, seed
        self.cut = np.zeros(environments.num_envs, bool)

    @property
    def steps(self) -> int:
        """Environment steps so far, of all environments together."""
        return self.environments.steps

    @property
    def non_finite_steps(self) -> int:
        """Those of them that led to an observation that is not finite."""
        return self.environments.position.not_finite

    def collect(self, act: Act, length: int) -> Segment:
        """Acts for `length` steps in every environment (Algorithm 1, lines 3-6).

        If it fails, the environments are where they were before.

        Args:
          act: takes the observations [num_envs, ...] and a seed [2]; returns actions and noise.
          length: number of steps.

        Returns:
          A `Segment` [length, num_envs, ...] as the environments gave it, not encoded.
        """
        start = self.environments.position.copy()
        try:
            self.cut = np.array(start.cut)
            self.environments.position.cut = [False] * self.environments.num_envs
            segment, finite = self._act(act, length)
            while not finite.any():
                self.cut |= True
                segment, finite = self._act(act, length)
            self.cut |= ~finite[0]
            fill_gaps(segment, finite)
            return segment
        except BaseException:
            self.environments.go_to(start)
            raise

    def _act(self, act: Act, length: int) -> tuple[Segment, np.ndarray]:
        """Acts in every environment, and tells [length, num_envs] whether it led anywhere."""
        environments = self.environments
        steps = []
        for _ in range(length):
            observation = environments.observation
            # Each step has noise of its own, which does not depend on where a run was resumed.
            step = environments.steps // len(observation)
            action, noise = act(observation, np.array([self._seed, step], np.int32))
            action = action.numpy()
            *outcome, finite = environments.step(action)
            steps.append((*Segment(observation, action, noise.numpy(), *outcome), finite))
        *fields, finite = (np.stack(values) for values in zip(*steps, strict=True))
        return Segment(*fields), finite

    def pause(self) -> None:
        """Makes room for an evaluation: of a single environment there may be one at a time."""
        if self.environments.num_envs == 1:
            self.environments.set_aside()

    def close(self) -> None:
        """Closes the environments."""
        self.environments.close()


def fill_gaps(segment: Segment, finite: np.ndarray) -> None:
    """Takes the steps that led nowhere out of a segment of arrays.

    Their episodes have ended with the step before. A segment keeps its shape, so a copy of another
    step takes the place of each, as an episode of its own.

    Args:
      segment: `Segment` [length, num_envs, ...], which is changed.
      finite: [length, num_envs] bool, false for these steps; not all of them are.
    """
    for step, env in np.argwhere(~finite):
        if step:
            segment.ended[step - 1, env] = True
        others = np.flatnonzero(finite[:, env])
        source = (others[0], env) if len(others) else tuple(np.argwhere(finite)[0])
        for values in segment:
            values[step, env] = values[source]
        segment.ended[step, env] = True


class NoCollector(tf.Module):
    """For algorithms that learn from the demonstrations alone."""

    steps = non_finite_steps = 0

    def pause(self) -> None:
        """Does nothing: no environment is open."""

    def close(self) -> None:
        """Does nothing: no environment is open."""
