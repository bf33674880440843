"""Whole episodes of a policy in the real environment: to evaluate it, or to demonstrate with it."""

import itertools
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError

# Of environments without a time limit. A policy may keep going for ever.
LONGEST = 10_000


class Episode(NamedTuple):
    """What happened in one episode of `length` steps.

    Attributes:
      observations: [length + 1, observation_size], the last one being where it ended.
      actions: [length, ...], as the environment received them.
      rewards: [length].
      terminated: whether the task ended it, rather than the time limit.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool


def play(act, env_name, num_episodes, seed, progress=None):
    """Plays episodes side by side, each in an environment of its own.

    Args:
      act: maps [num_episodes, observation_size] float32 observations to the environment's actions.
      env_name: as in `environments.make`.
      num_episodes: number of episodes.
      seed: episode i is reset with seed + i.
      progress: title of a progress bar over the steps, all episodes side by side; none if None.

    Returns:
      A list of `Episode`.

    Raises:
      UserError: an environment without a time limit does not end an episode.
    """
    envs = [make_environment(env_name) for _ in range(num_episodes)]
    histories = [([env.reset(seed=seed + index)[0]], [], []) for index, env in enumerate(envs)]
    terminations = [False] * num_episodes
    running = set(range(num_episodes))
    limit = envs[0].spec.max_episode_steps
    with tqdm(total=limit, desc=progress, disable=progress is None, unit="step") as bar:
        for step in itertools.count(1):
            latest = np.stack([observations[-1] for observations, _, _ in histories])
            actions = np.asarray(act(latest.astype(np.float32)))
            for index in sorted(running):
                observation, reward, terminated, truncated, _ = envs[index].step(actions[index])
                for history, value in zip(
                    histories[index], (observation, actions[index], reward), strict=True
                ):
                    history.append(value)
                if terminated or truncated:
                    terminations[index] = terminated
                    running.remove(index)
                    envs[index].close()
            bar.update()
            if not running:
                break
            if limit is None and step == LONGEST:
                raise UserError(
                    f"{env_name} has no time limit, and an episode has not ended after "
                    f"{LONGEST} steps; register it with max_episode_steps"
                )
    return [
        Episode(*map(np.array, history), terminated)
        for history, terminated in zip(histories, terminations, strict=True)
    ]


def returns(episodes):
    """[num_episodes] undiscounted returns."""
    return np.array([episode.rewards.sum() for episode in episodes])


def play_randomly(env_name, num_episodes, seed):
    """`play` with actions drawn from the action space (uniformly where it is bounded)."""
    space = make_environment(env_name).action_space
    space.seed(seed)
    return play(lambda latest: [space.sample() for _ in latest], env_name, num_episodes, seed)
