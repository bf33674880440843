"""Environments that step together."""

import gymnasium
from gymnasium.vector import AutoresetMode, SyncVectorEnv
import numpy as np

from mgail_tf.envs.make import make_environment


class _WithoutInfo(gymnasium.Wrapper):
    """Drops the info dict, which is costly to gather from many environments."""

    def step(self, action):
        return *self.env.step(action)[:4], {}

    def reset(self, **kwargs):
        return self.env.reset(**kwargs)[0], {}


class ParallelEnvironments:
    """Environments that step together; where an episode ends, the next one starts.

    Every episode has a seed of its own, made of the run's seed, the environment's index and the
    episode's number. So an unfinished episode can be restored in any deterministic environment, by
    replaying its actions; that is how a resumed run continues exactly.

    Args:
      name: as in `make`.
      num_envs: number of environments.
      seed: the run's.
      wrapper: wraps each environment, if given.

    Attributes:
      observation: [num_envs, observation_size] float32, the observations to act on next.
    """

    def __init__(self, name, num_envs, seed, wrapper=lambda env: env):
        self._envs = SyncVectorEnv(
            [lambda: _WithoutInfo(wrapper(make_environment(name)))] * num_envs,
            autoreset_mode=AutoresetMode.DISABLED,
            copy=False,
        )
        self._seed = seed
        self._episode = np.zeros(num_envs, np.int64)
        self._actions = [[] for _ in range(num_envs)]
        self.steps = 0
        observation, _ = self._envs.reset(seed=self._episode_seeds())
        self.observation = np.array(observation, np.float32)

    def step(self, actions):
        """Steps every environment once.

        Args:
          actions: [num_envs, ...] actions as the environment takes them.

        Returns:
          next_observation: [num_envs, observation_size] float32, where each step led.
          terminated: [num_envs] bool, the task's own end.
          ended: [num_envs] bool, terminated or cut off by the time limit.
        """
        self.steps += len(actions)
        for history, action in zip(self._actions, actions, strict=True):
            history.append(action)
        observation, _, terminated, truncated, _ = self._envs.step(actions)
        next_observation = np.array(observation, np.float32)
        ended = terminated | truncated
        self.observation = next_observation
        if ended.any():
            for index in np.flatnonzero(ended):
                self._episode[index] += 1
                self._actions[index] = []
            first, _ = self._envs.reset(
                seed=self._episode_seeds(), options={"reset_mask": ended.copy()}
            )
            self.observation = np.where(ended[:, None], first, next_observation).astype(np.float32)
        return next_observation, terminated, ended

    def get_state(self):
        """What `set_state` needs: every environment's episode number and its actions so far."""
        return {
            "episode": self._episode.tolist(),
            "actions": [np.asarray(history).tolist() for history in self._actions],
        }

    def set_state(self, state):
        """Restores the episodes of `get_state` by replaying their actions."""
        self._episode = np.array(state["episode"], np.int64)
        observation, _ = self._envs.reset(seed=self._episode_seeds())
        self.observation = np.array(observation, np.float32)
        dtype = self._envs.single_action_space.dtype
        for index, history in enumerate(state["actions"]):
            self._actions[index] = list(np.array(history, dtype))
            for action in self._actions[index]:
                self.observation[index] = self._envs.envs[index].step(action)[0]

    def _episode_seeds(self):
        return [
            int(np.random.SeedSequence([self._seed, index, episode]).generate_state(1)[0])
            for index, episode in enumerate(self._episode)
        ]
