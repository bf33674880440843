"""Environments that step together."""

from collections.abc import Callable
import json
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, SyncVectorEnv
import numpy as np
import tensorflow as tf

from mgail_tf.envs.make import make_environment
from mgail_tf.float_types import float_type


class _WithoutInfo(gymnasium.Wrapper):
    """Drops the info dict, because gathering it from many environments is costly."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict]:
        return *self.env.step(action)[:4], {}

    def reset(self, **kwargs: Any) -> tuple[Any, dict]:
        return self.env.reset(**kwargs)[0], {}


class ParallelEnvironments(tf.train.experimental.PythonState):
    """Steps environments together; where an episode ends, the next one starts at once.

    A checkpoint can hold it: `tf.train.Checkpoint(environments=...)`. Every episode has a seed of
    its own, made of the run's seed, the environment's index and the episode's number. Hence a
    checkpoint holds the actions of the unfinished episodes only: in a deterministic environment
    their replay leads to the same states exactly.

    Args:
      name: a task or a gymnasium id.
      num_envs: number of environments.
      seed: the run's seed.
      wrapper: is put around each environment.

    Attributes:
      observation: [num_envs, observation_size] in their `float_type`, those to act on next.
      steps: environment steps since the start of the run; `num_envs` for each call of `step`.
    """

    def __init__(
        self,
        name: str,
        num_envs: int,
        seed: int,
        wrapper: Callable[[gymnasium.Env], gymnasium.Env] = lambda env: env,
    ):
        self._envs = SyncVectorEnv(
            [lambda: _WithoutInfo(wrapper(make_environment(name)))] * num_envs,
            autoreset_mode=AutoresetMode.DISABLED,
            copy=False,
        )
        self._dtype = float_type(self._envs.single_observation_space.dtype)
        self._seed = seed
        self._episode = np.zeros(num_envs, np.int64)
        self._actions: list[list[Any]] = [[] for _ in range(num_envs)]
        self.steps = 0
        self.observation = self._reset()

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps every environment once.

        Args:
          actions: [num_envs, ...] as the environment takes them.

        Returns:
          next_observation: [num_envs, observation_size], where each step led.
          terminated: [num_envs] bool, whether the task ended the episode.
          ended: [num_envs] bool, whether the task or the time limit ended it.
        """
        # Copies, because an environment may change the action that it is given.
        for history, action in zip(self._actions, np.array(actions), strict=True):
            history.append(action)
        observation, _, terminated, truncated, _ = self._envs.step(actions)
        self.steps += len(self._actions)
        next_observation = np.array(observation, self._dtype)
        ended = terminated | truncated
        self.observation = next_observation
        if ended.any():
            for index in np.flatnonzero(ended):
                self._episode[index] += 1
                self._actions[index] = []
            initial = self._reset({"reset_mask": ended.copy()})
            self.observation = np.where(ended[:, None], initial, next_observation)
        return next_observation, terminated, ended

    def serialize(self) -> str:
        """Returns what `deserialize` needs: episode numbers, their actions so far, and `steps`."""
        return json.dumps(
            {
                "steps": self.steps,
                "episode": self._episode.tolist(),
                "actions": [np.asarray(history).tolist() for history in self._actions],
            }
        )

    def deserialize(self, string_value: str | bytes) -> None:
        """Restores the unfinished episodes by replaying their actions."""
        state = json.loads(string_value)
        self.steps = state["steps"]
        self._episode = np.array(state["episode"], np.int64)
        self.observation = self._reset()
        dtype = self._envs.single_action_space.dtype
        for index, history in enumerate(state["actions"]):
            self._actions[index] = list(np.array(history, dtype))
            for action in self._actions[index]:
                self.observation[index] = self._envs.envs[index].step(action.copy())[0]

    def _reset(self, options: dict[str, Any] | None = None) -> np.ndarray:
        """Starts each environment's episode: [num_envs, observation_size]."""
        seeds: list[int | None] = [
            int(np.random.SeedSequence([self._seed, index, int(episode)]).generate_state(1)[0])
            for index, episode in enumerate(self._episode)
        ]
        return np.array(self._envs.reset(seed=seeds, options=options)[0], self._dtype)
