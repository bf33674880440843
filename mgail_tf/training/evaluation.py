"""How good a policy is by the true reward: for reporting only, nothing in training looks at it."""

from __future__ import annotations

import math
import pathlib
from typing import TYPE_CHECKING, NamedTuple

from mgail_tf import standard_errors
from mgail_tf.envs.episodes import Act, Episode, play, random_return, returns, summarize
from mgail_tf.envs.instances import Workers
from mgail_tf.errors import UserError
from mgail_tf.training import films

if TYPE_CHECKING:
    from mgail_tf.loaded_policy import LoadedPolicy  # It imports TensorFlow, which takes seconds.


class Order(NamedTuple):
    """What is to be evaluated, and how.

    Attributes:
      saved_model: folder of the policy.
      num_episodes: number of episodes.
      seed: episode i is reset with seed + i.
      film: whether the beginning of the first episode is filmed.
    """

    saved_model: pathlib.Path
    num_episodes: int
    seed: int
    film: bool = False


class Findings(NamedTuple):
    """What an evaluation has found.

    Attributes:
      measured: numbers by name, None where one is unknown: return_mean, return_std, and
        normalized_return, the standard errors of the first and the last, and non_finite_episodes:
        how many were cut off because an observation was not finite. Returns are None where a reward
        is not finite. The normalised return is None also where the demonstrations' rewards are
        unknown or tell nothing. Its standard error counts both means, the episodes' and the
        demonstrations', as far as these have one.
      random_return: mean return of actions drawn from the action space; None where the
        demonstrations' is not known, or rewards are not finite.
      film: the bytes of a GIF, if one was asked for.
      no_film: why there is none, although one was asked for.
    """

    measured: dict[str, float | None]
    random_return: float | None
    film: bytes | None = None
    no_film: str | None = None


class Evaluation:
    """Plays episodes, and sets their returns against the expert's and a random policy's.

    Args:
      env_name: a task, or a gymnasium id.
      expert_return: mean return of the demonstrations; None if it is not known.
      expert_standard_error: of that mean; None if it is not known.
      num_envs: environments that are open at a time; 0: one for each episode.
      workers: the processes that step them; this one if None.

    Attributes:
      random_return: as in `Findings`.
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
        self._env_name, self._expert_return = env_name, expert_return
        self._expert_standard_error = expert_standard_error
        self._num_envs, self._workers = num_envs, workers
        self._policies: dict[pathlib.Path, tuple[LoadedPolicy, Act]] = {}
        self.random_return: float | None = None
        if expert_return is not None:
            level = random_return(env_name, num_envs=num_envs, workers=workers)
            self.random_return = _known(level)

    def carry_out(self, order: Order) -> Findings:
        """Evaluates a SavedModel's deterministic policy."""
        act = self._act(order.saved_model)
        measured, episodes = self.evaluate(act, order.num_episodes, order.seed)
        film = no_film = None
        if order.film:
            try:
                film = films.of(self._env_name, episodes[0])
            except UserError as error:
                no_film = str(error)
        return Findings(measured, self.random_return, film, no_film)

    def evaluate(
        self, act: Act, num_episodes: int, seed: int
    ) -> tuple[dict[str, float | None], list[Episode]]:
        """Plays episodes.

        Args:
          act: takes observations [num_episodes, ...] and returns the environment's actions.
          num_episodes: number of episodes.
          seed: episode i is reset with seed + i.

        Returns:
          What `Findings.measured` is, and the episodes.
        """
        episodes = play(
            act,
            self._env_name,
            num_episodes,
            seed,
            num_envs=self._num_envs,
            workers=self._workers,
        )
        achieved = summarize(returns(episodes))
        error = standard_errors.of_mean(achieved.of_each_episode)
        normalized = normalized_error = None
        if self._expert_return is not None and self.random_return is not None:
            span = self._expert_return - self.random_return
            if span:
                normalized = (achieved.mean - self.random_return) / span
                normalized_error = standard_errors.of_normalized_return(
                    normalized, span, error, self._expert_standard_error
                )
        return {
            "return_mean": _known(achieved.mean),
            "return_std": _known(achieved.deviation),
            "return_standard_error": error,
            "normalized_return": None if normalized is None else _known(normalized),
            "normalized_return_standard_error": normalized_error,
            "non_finite_episodes": sum(episode.non_finite > 0 for episode in episodes),
        }, episodes

    def _act(self, folder: pathlib.Path) -> Act:
        """The policy that a folder holds now; its program is loaded once, and then its weights."""
        from mgail_tf.loaded_policy import load

        if folder in self._policies:
            policy, act = self._policies[folder]
            policy.read_weights(folder)
        else:
            policy = load(folder)
            act = policy.compiled()
            self._policies[folder] = policy, act
        return act


def _known(value: float) -> float | None:
    """Returns a number; None if it is not finite, because then rewards are unknown."""
    return value if math.isfinite(value) else None
