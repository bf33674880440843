"""How good a policy is: by the true reward, and by how far it is from the demonstrations.

It is for reporting only; nothing in training looks at it.
"""

from __future__ import annotations

import math
import pathlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mgail_tf import standard_errors
from mgail_tf.envs.episodes import (
    RANDOM_EPISODES,
    Act,
    Episode,
    play,
    play_randomly,
    returns,
    summarize,
)
from mgail_tf.envs.instances import Workers
from mgail_tf.errors import UserError
from mgail_tf.seeds import RANDOM_SEED
from mgail_tf.training import films, telltale
from mgail_tf.training.action_bounds import share_at_bounds

if TYPE_CHECKING:
    # They import TensorFlow, which takes seconds.
    from mgail_tf.loaded_policy import LoadedPolicy
    from mgail_tf.training.imitation_distance import ImitationDistance


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
        normalized_return, the standard errors of the first and the last; imitation_distance, which
        is how far the episodes are from the demonstrations, and imitation_distance_of_lengths, the
        part of it that is about their lengths; episode_length_mean; actions_at_bounds,
        the part of all numbers of all actions; and non_finite_episodes: how many were cut off
        because an observation was not finite. Returns are None where a reward is not
        finite. The normalised return is None also where the demonstrations' rewards are unknown or
        tell nothing. Its standard error counts both means, the episodes' and the demonstrations',
        as far as these have one.
      levels: what these are to be compared with, None where it is not known: random_return_mean,
        random_length_mean and imitation_distance_of_random_policy, of actions drawn from the action
        space; and
        imitation_distance_of_demonstrations, between one half of them and the other.
      telltale: the observations, by their place, that tell the agent from the expert and that no
        policy can influence; see `training.telltale`.
      film: the bytes of a GIF, if one was asked for.
      no_film: why there is none, although one was asked for.
    """

    measured: dict[str, float | None]
    levels: dict[str, float | None]
    telltale: tuple[int, ...] = ()
    film: bytes | None = None
    no_film: str | None = None


class Evaluation:
    """Plays episodes, and sets them against the expert's and a random policy's.

    Args:
      env_name: a task, or a gymnasium id.
      expert_return: mean return of the demonstrations; None if it is not known.
      expert_standard_error: of that mean; None if it is not known.
      distance: measures how far episodes are from the demonstrations; None if that is not asked.
      num_envs: environments that are open at a time; 0: one for each episode.
      workers: the processes that step them; this one if None.

    Attributes:
      levels: as in `Findings`.
    """

    def __init__(
        self,
        env_name: str,
        expert_return: float | None,
        expert_standard_error: float | None = None,
        distance: ImitationDistance | None = None,
        *,
        num_envs: int = 0,
        workers: Workers | None = None,
    ):
        self._env_name, self._expert_return = env_name, expert_return
        self._expert_standard_error, self._distance = expert_standard_error, distance
        self._num_envs, self._workers = num_envs, workers
        self._policies: dict[pathlib.Path, tuple[LoadedPolicy, Act]] = {}
        self._random: list[Episode] = []
        self.levels: dict[str, float | None] = self._measure_levels()

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
        found = telltale.find(self._distance, episodes, self._random) if self._distance else ()
        return Findings(measured, self.levels, found, film, no_film)

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
        distance = self._distance and self._distance.measure(episodes)
        achieved = summarize(returns(episodes))
        error = standard_errors.of_mean(achieved.of_each_episode)
        normalized = normalized_error = None
        random = self.levels["random_return_mean"]
        if self._expert_return is not None and random is not None:
            span = self._expert_return - random
            if span:
                normalized = (achieved.mean - random) / span
                normalized_error = standard_errors.of_normalized_return(
                    normalized, span, error, self._expert_standard_error
                )
        return {
            "return_mean": _known(achieved.mean),
            "return_std": _known(achieved.deviation),
            "return_standard_error": error,
            "normalized_return": None if normalized is None else _known(normalized),
            "normalized_return_standard_error": normalized_error,
            "imitation_distance": distance and distance.whole,
            "imitation_distance_of_lengths": distance and distance.of_lengths,
            "episode_length_mean": _mean_length(episodes),
            "actions_at_bounds": self._at_bounds(episodes),
            "non_finite_episodes": sum(episode.non_finite > 0 for episode in episodes),
        }, episodes

    def _at_bounds(self, episodes: list[Episode]) -> float | None:
        if not self._distance:
            return None
        actions = np.concatenate([each.actions for each in episodes])
        return share_at_bounds(actions, self._distance.action_space)

    def _measure_levels(self) -> dict[str, float | None]:
        """What `Findings.levels` is; random actions are played only if something is known."""
        distance, random_return, random_length = self._distance, None, None
        random_distance = None
        if self._expert_return is not None or distance:
            self._random = played = play_randomly(
                self._env_name,
                RANDOM_EPISODES,
                RANDOM_SEED,
                num_envs=self._num_envs,
                workers=self._workers,
            )
            if self._expert_return is not None:
                random_return = _known(summarize(returns(played)).mean)
            random_length = _mean_length(played)
            random_distance = distance and distance.of(played)
        return {
            "random_return_mean": random_return,
            "random_length_mean": random_length,
            "imitation_distance_of_random_policy": random_distance,
            "imitation_distance_of_demonstrations": distance and distance.of_demonstrations,
        }

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


def _mean_length(episodes: list[Episode]) -> float:
    return float(np.mean([len(each.actions) for each in episodes]))


def _known(value: float) -> float | None:
    """Returns a number; None if it is not finite, because then rewards are unknown."""
    return value if math.isfinite(value) else None
