"""Plays whole episodes in the real environment: to evaluate a policy, or to demonstrate with it."""

from collections.abc import Callable, Sequence
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

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
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool
    seed: int | None = None


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
    act: Act, env_name: str, num_episodes: int, seed: int, progress: str | None = None
) -> list[Episode]:
    """Plays episodes side by side, each in an environment of its own.

    Args:
      act: the policy, which acts in all of them at once.
      env_name: a task or a gymnasium id.
      num_episodes: number of episodes.
      seed: episode i is reset with seed + i.
      progress: title of a progress bar over the steps; without a title there is no bar.

    Raises:
      UserError: an environment without a time limit does not end an episode.
    """
    envs = [make_environment(env_name) for _ in range(num_episodes)]
    seeds = range(seed, seed + num_episodes)
    histories = [([env.reset(seed=seed)[0]], [], []) for env, seed in zip(envs, seeds, strict=True)]
    terminations = [False] * num_episodes
    running = set(range(num_episodes))
    spec = envs[0].spec
    dtype = float_type(envs[0].observation_space.dtype)
    limit = None if spec is None else spec.max_episode_steps
    with tqdm(total=limit, desc=progress, disable=progress is None, unit="step") as bar:
        for step in itertools.count(1):
            latest = np.stack([observations[-1] for observations, _, _ in histories])
            actions = np.asarray(act(latest.astype(dtype)))
            for index in sorted(running):
                observation, reward, terminated, truncated, _ = envs[index].step(actions[index])
                values = observation, actions[index], reward
                for history, value in zip(histories[index], values, strict=True):
                    history.append(value)
                if terminated or truncated:
                    terminations[index] = bool(terminated)
                    running.remove(index)
                    envs[index].close()
            bar.update()
            if not running:
                break
            if limit is None and step == MAX_STEPS:
                raise UserError(
                    f"{env_name} has no time limit, and an episode has not ended after "
                    f"{MAX_STEPS} steps; register it with max_episode_steps"
                )
    return [
        Episode(np.array(observations), np.array(actions), np.array(rewards), terminated, seed)
        for (observations, actions, rewards), terminated, seed in zip(
            histories, terminations, seeds, strict=True
        )
    ]


def play_randomly(env_name: str, num_episodes: int, seed: int) -> list[Episode]:
    """Plays with actions drawn from the action space (uniformly where it is bounded)."""
    space = make_environment(env_name).action_space
    space.seed(seed)
    return play(lambda latest: [space.sample() for _ in latest], env_name, num_episodes, seed)


def random_return(env_name: str) -> float:
    """Returns the mean return of the policy that acts at random."""
    return summarize(returns(play_randomly(env_name, RANDOM_EPISODES, RANDOM_SEED))).mean


def returns(episodes: Sequence[Episode]) -> np.ndarray:
    """[num_episodes] undiscounted returns."""
    return np.array([episode.rewards.sum() for episode in episodes])


def summarize(values: Any) -> Summary:
    """Sums up a number for each episode: [num_episodes]."""
    values = np.asarray(values)
    return Summary(
        float(np.mean(values)), float(np.std(values)), float(np.median(values)), values.tolist()
    )
