"""How good a policy is by the true reward: for reporting only, nothing in training looks at it."""

from collections.abc import Callable
import math
from typing import Any

import numpy as np

from mgail_tf import standard_errors
from mgail_tf.envs.episodes import Episode, play, random_return, returns, summarize
from mgail_tf.envs.instances import Workers


class Evaluation:
    """Plays episodes, and sets their returns against the expert's and a random policy's.

    Args:
      env_name: a task, or a gymnasium id.
      expert_return: mean return of the demonstrations; None if it is not known.
      expert_standard_error: of that mean; None if it is not known.
      num_envs: environments that are open at a time; 0: one for each episode.
      workers: the processes that step them; this one if None.

    Attributes:
      expert_return, expert_standard_error: as given.
      random_return: mean return of actions drawn from the action space; None as `expert_return`,
        and where rewards are not finite.
    """

    def __init__(
        self,
        env_name: str,
        expert_return: float | None,
        expert_standard_error: float | None = None,
        *,
        num_envs: int = 0,
        workers: Workers | None = None,
    ):
        self._env_name, self.expert_return = env_name, expert_return
        self.expert_standard_error = expert_standard_error
        self._options: dict[str, Any] = {"num_envs": num_envs, "workers": workers}
        self.random_return: float | None = None
        if expert_return is not None:
            self.random_return = _known(random_return(env_name, **self._options))

    def evaluate(
        self, act: Callable[[np.ndarray], Any], num_episodes: int, seed: int
    ) -> tuple[dict[str, float | None], list[Episode]]:
        """Plays episodes.

        Args:
          act: takes observations [num_episodes, ...] and returns the environment's actions.
          num_episodes: number of episodes.
          seed: episode i is reset with seed + i.

        Returns:
          A dict of return_mean, return_std, and normalized_return, the standard errors of the first
          and the last, and non_finite_episodes: how many were cut off because an observation was
          not finite; and the episodes. Returns are None where a reward is not finite. The
          normalised return is None also where the demonstrations' rewards are unknown or tell
          nothing. Its standard error counts both means, the episodes' and the demonstrations', as
          far as these have one.
        """
        episodes = play(act, self._env_name, num_episodes, seed, **self._options)
        achieved = summarize(returns(episodes))
        error = standard_errors.of_mean(achieved.of_each_episode)
        normalized = normalized_error = None
        if self.expert_return is not None and self.random_return is not None:
            span = self.expert_return - self.random_return
            if span:
                normalized = (achieved.mean - self.random_return) / span
                normalized_error = standard_errors.of_normalized_return(
                    normalized, span, error, self.expert_standard_error
                )
        return {
            "return_mean": _known(achieved.mean),
            "return_std": _known(achieved.deviation),
            "return_standard_error": error,
            "normalized_return": None if normalized is None else _known(normalized),
            "normalized_return_standard_error": normalized_error,
            "non_finite_episodes": sum(episode.non_finite > 0 for episode in episodes),
        }, episodes


def _known(value: float) -> float | None:
    """Returns a number; None if it is not finite, because then rewards are unknown."""
    return value if math.isfinite(value) else None
