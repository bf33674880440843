"""Plays whole episodes in the real environment: to evaluate a policy, or to demonstrate with it."""

from collections.abc import Callable, Sequence
import contextlib
import functools
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from mgail_tf.envs import finite
from mgail_tf.envs.instances import Instances, Outcome, Workers
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.float_types import float_type
from mgail_tf.seeds import RANDOM_SEED

if TYPE_CHECKING:
    import tensorflow as tf  # It takes seconds, and nothing here needs it.

# [episodes, observation_size] observations in their `float_type` -> the environment's actions
# [episodes, ...].
Act = Callable[[np.ndarray], "ArrayLike | tf.Tensor"]

# Episodes of environments without a time limit end with an error after so many steps, because a
# policy may keep going for ever.
MAX_STEPS = 10_000

# So many episodes of 1,000 steps take gigabytes, and days.
MOST_EPISODES = 10_000
# Each takes memory of its own.
MOST_ENVS = 250

# Episodes of the policy that acts at random, whose mean return is the 0 of normalised returns.
RANDOM_EPISODES = 20


class Episode(NamedTuple):
    """What happened in one episode of `length` steps.

    Attributes:
      observations: [length + 1, observation_size]; the last one is where the episode ended.
      actions: [length, ...] as the environment received them.
      rewards: [length]; NaN where they are not known.
      terminated: whether the task ended the episode, rather than the time limit.
      seed: what the environment was reset with; None where it is not known.
      non_finite: how many observations were not finite; the episode was cut there.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool
    seed: int | None = None
    non_finite: int = 0


class Summary(NamedTuple):
    """Numbers of several episodes, summed up.

    Attributes:
      mean, deviation, median: of the numbers.
      of_each_episode: the numbers themselves.
    """

    mean: float
    deviation: float
    median: float
    of_each_episode: list[float] | list[int]


def play(
    act: Act,
    env_name: str,
    num_episodes: int,
    seed: int,
    progress: str | None = None,
    *,
    num_envs: int = 0,
    workers: Workers | None = None,
) -> list[Episode]:
    """Plays episodes side by side, each in an environment of its own.

    Where an observation is not finite, the episode ends with the one before. If that is the first
    one, another episode takes its place, which is reset with an unused seed.

    Args:
      act: the policy, which acts in all of them at once.
      env_name: a task or a gymnasium id.
      num_episodes: number of episodes.
      seed: episode i is reset with seed + i.
      progress: title of a progress bar over the steps; without a title there is no bar.
      num_envs: environments that are open at a time; 0: one for each episode, and `MOST_ENVS` at
        most.
      workers: the processes that step them; this one if None.

    Raises:
      UserError: the environment fails, or has no time limit and does not end an episode.
    """
    num_envs = min(num_envs or MOST_ENVS, num_episodes)
    make = functools.partial(make_environment, env_name)
    with contextlib.closing(Instances(make, num_envs, workers)) as instances:
        limit, rounds = instances.description.time_limit, -(-num_episodes // num_envs)
        total = limit and limit * rounds
        with tqdm(total=total, desc=progress, disable=progress is None, unit="step") as bar:
            episodes = []
            for first in range(0, num_episodes, num_envs):
                together = range(first, min(first + num_envs, num_episodes))
                histories = [
                    _History(env_name, seed + episode, spare_seeds=num_episodes)
                    for episode in together
                ]
                _play_together(act, env_name, instances, histories, bar)
                episodes += [history.episode() for history in histories]
    return episodes


class _History:
    """What has happened in an episode so far; it begins anew if it ends before its first step."""

    def __init__(self, env_name: str, seed: int, spare_seeds: int):
        self._env_name, self.seed, self._spare_seeds = env_name, seed, spare_seeds
        self._non_finite = 0
        self._begin()

    def _begin(self) -> None:
        self.observations, self.actions, self.rewards = [], [], []
        self.ended = self._terminated = False

    def start(self, observation: np.ndarray) -> None:
        """Takes the first observation."""
        if finite.is_finite(observation):
            self.observations.append(observation)
        else:
            self._begin_anew()

    def add(self, action: Any, outcome: Outcome) -> None:
        """Takes a step."""
        if finite.is_finite(outcome.observation):
            self.observations.append(outcome.observation)
            self.actions.append(action)
            self.rewards.append(outcome.reward)
            self._terminated = outcome.terminated
            self.ended = outcome.terminated or outcome.truncated
        elif self.actions:
            self._non_finite += 1
            self.ended = True
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._non_finite += 1
        self.seed += self._spare_seeds
        finite.check_number(self._env_name, self._non_finite, 0)
        self._begin()

    def episode(self) -> Episode:
        """Returns the whole."""
        return Episode(
            np.array(self.observations),
            np.array(self.actions),
            np.array(self.rewards),
            self._terminated,
            self.seed,
            self._non_finite,
        )


def _play_together(
    act: Act, env_name: str, instances: Instances, histories: Sequence[_History], bar: tqdm
) -> None:
    """Plays an episode in each of the instances."""
    running = dict(enumerate(histories))
    dtype = float_type(instances.description.observation_space.dtype)
    for step in itertools.count(1):
        while waiting := {
            index: history.seed for index, history in running.items() if not history.observations
        }:
            for index, observation in instances.reset(waiting).items():
                running[index].start(observation)
        latest = np.stack([history.observations[-1] for history in histories])
        actions = np.array(act(latest.astype(dtype)))
        for index, outcome in instances.step({i: actions[i] for i in running}).items():
            running[index].add(actions[index], outcome)
        running = {index: history for index, history in running.items() if not history.ended}
        bar.update()
        if not running:
            return
        limit = instances.description.time_limit
        if limit is None and step == MAX_STEPS:
            raise UserError(
                f"{env_name} has no time limit, and an episode has not ended after "
                f"{MAX_STEPS} steps; register it with max_episode_steps"
            )


def play_randomly(env_name: str, num_episodes: int, seed: int, **options: Any) -> list[Episode]:
    """Plays with actions drawn from the action space (uniformly where it is bounded).

    `options` are those of `play`.
    """
    with contextlib.closing(make_environment(env_name)) as env:
        space = env.action_space
    space.seed(seed)
    return play(
        lambda latest: [space.sample() for _ in latest], env_name, num_episodes, seed, **options
    )


def random_return(env_name: str, **options: Any) -> float:
    """Returns the mean return of the policy that acts at random; `options` are those of `play`."""
    played = play_randomly(env_name, RANDOM_EPISODES, RANDOM_SEED, **options)
    return summarize(returns(played)).mean


def returns(episodes: Sequence[Episode]) -> np.ndarray:
    """[num_episodes] undiscounted returns."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array([episode.rewards.sum() for episode in episodes])


def summarize(values: Any) -> Summary:
    """Sums up a number for each episode: [num_episodes]."""
    values = np.asarray(values)
    return Summary(
        float(np.mean(values)), float(np.std(values)), float(np.median(values)), values.tolist()
    )
