"""One environment for everything that a learner does: training, pieces, whole episodes."""

import json

import numpy as np
import tensorflow as tf

from mgail_tf.envs import demonstrated_starts
from mgail_tf.envs.make import make_environment
from mgail_tf.float_types import float_type


class SingleEnvironment(tf.train.experimental.PythonState):
    """An environment that is reset when its user says so, and that a checkpoint can hold.

    Every episode has a seed of its own, made of the run's seed and the episode's number. So the
    state is an episode's number, where it started, and the actions since: it is restored by
    replaying these, exactly in any deterministic environment.

    Args:
      name: as in `make`.
      seed: the run's.

    Attributes:
      observation: [observation_size] in its `float_type`, the one to act on next.
      ended: whether the episode is over, so that there is nothing to do but to reset.
      steps: environment steps taken so far.
    """

    def __init__(self, name: str, seed: int) -> None:
        self._env = make_environment(name)
        self._can_enter = demonstrated_starts.is_possible(self._env)
        self._dtype = float_type(self._env.observation_space.dtype)
        self._seed = seed
        self.action_space = self._env.action_space
        self.steps = 0
        self._episode = -1
        self.reset()

    def reset(self) -> np.ndarray:
        """Begins the next episode, from the initial distribution: its first observation."""
        return self._begin(self._episode + 1, None)

    def reset_to(self, observation: np.ndarray) -> np.ndarray:
        """Begins the next episode in the state of an observation: what is observed there.

        Where the simulator cannot be put into a state it begins as `reset` does.
        """
        return self._begin(self._episode + 1, observation if self._can_enter else None)

    def step(self, action: np.ndarray | np.generic) -> tuple[np.ndarray, bool, bool]:
        """Steps once.

        Args:
          action: as the environment takes it.

        Returns:
          next_observation: [observation_size], where it led.
          terminated: whether the task ended with this step.
          ended: whether the episode ended with it, by termination or time limit.
        """
        self._actions.append(action)
        # An environment that changes what it is given must not change what is replayed.
        observation, _, terminated, truncated, _ = self._env.step(np.array(action))
        self.steps += 1
        self.observation = np.array(observation, self._dtype)
        self.ended = bool(terminated or truncated)
        return self.observation, bool(terminated), self.ended

    def _begin(self, episode: int, start: np.ndarray | None) -> np.ndarray:
        self._episode, self._start, self._actions, self.ended = episode, start, [], False
        seed = np.random.SeedSequence([self._seed, episode]).generate_state(1)[0]
        observation, _ = self._env.reset(seed=int(seed))
        if start is not None:
            observation = demonstrated_starts.enter(self._env, start)
        self.observation = np.array(observation, self._dtype)
        return self.observation

    def serialize(self) -> str:
        """What a checkpoint holds."""
        return json.dumps(
            {
                "steps": self.steps,
                "episode": self._episode,
                "start": None if self._start is None else np.asarray(self._start).tolist(),
                "actions": [np.asarray(action).tolist() for action in self._actions],
            }
        )

    def deserialize(self, string_value: str) -> None:
        """Restores what `serialize` gave, by replaying the episode's actions."""
        state = json.loads(string_value)
        start = state["start"]
        self._begin(state["episode"], None if start is None else np.array(start, self._dtype))
        for action in np.array(state["actions"], self.action_space.dtype):
            self.step(action)
        self.steps = state["steps"]
