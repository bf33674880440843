"""What the loop in `training/` asks of an algorithm, and what it offers to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.distance import Distance
from mgail_tf.data.replay import Segment
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks.policy import Policy

# Takes observations [num_envs, observation_size] and a seed [2]; returns the actions for the
# environments and the noise [num_envs, action_size] that they were taken with.
Act = Callable[[np.ndarray, np.ndarray], tuple[tf.Tensor, tf.Tensor]]

Metrics = Mapping[str, Any]


class Learner(Protocol):
    """An imitation algorithm. It owns its networks, its buffer and its demonstrations.

    A learner is a `tf.Module` whose state is in variables or in `PythonState`s, so that a
    checkpoint of it is all that a resumed run needs.

    Attributes:
      deployed_policy: the policy that is evaluated and exported.
      steps_per_round: the most environment steps that the next call of `learn` takes.
      finished: whether there is nothing left to learn, whatever is left of the budget.
      policies: the policy networks, which begin with the same weights.
      weights: of all networks, by the name that their metrics begin with; averages have their own.
    """

    @property
    def deployed_policy(self) -> DeployedPolicy: ...

    @property
    def steps_per_round(self) -> int: ...

    @property
    def finished(self) -> bool: ...

    @property
    def policies(self) -> Sequence[Policy]: ...

    @property
    def weights(self) -> Mapping[str, Sequence[Any]]: ...

    def evaluating(self) -> None:
        """Tells that the policy is being evaluated as it is now."""
        ...

    def evaluated(self, distance: Distance) -> None:
        """Tells what came out, just before the next evaluation, whenever it was known.

        Args:
          distance: of the policy that was evaluated last, as a part of a random policy's.
        """
        ...

    def learn(self, collector: Any) -> Metrics:
        """Acts in the environment as the algorithm needs it, and learns from what happened.

        Args:
          collector: acts; which kind, the algorithm decides (`training.build`).

        Returns:
          Scalars by name, for the curves.
        """
        ...

    def histograms(self, seed: int) -> Mapping[str, Any]:
        """Arrays by name whose distributions are worth looking at; none is fine."""
        ...


class Collector(Protocol):
    """Acts in environments that run side by side.

    Attributes:
      steps: environment steps so far.
      non_finite_steps: those of them that led to an observation that is not finite; their episodes
        end with the step before.
      cut: [num_envs] bool, whether the last step before the newest segment was its episode's last,
        although nobody knew that then.
    """

    cut: np.ndarray

    @property
    def steps(self) -> int: ...

    @property
    def non_finite_steps(self) -> int: ...

    def collect(self, act: Act, length: int) -> Segment:
        """Acts for `length` steps in every environment (Algorithm 1, lines 3-6).

        Returns:
          A `Segment` [length, num_envs, ...] as the environments gave it, not encoded.
        """
        ...

    def pause(self) -> None:
        """Makes room for an evaluation: of some environments there may be one at a time."""
        ...

    def close(self) -> None:
        """Closes the environments."""
        ...
