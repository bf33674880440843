"""One environment for everything that a learner does: training, pieces, whole episodes."""

import json
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.envs import demonstrated_starts, finite
from mgail_tf.envs.make import make_environment
from mgail_tf.float_types import float_type


class SingleEnvironment(tf.train.experimental.PythonState):
    """An environment that is reset when its user says so, and that a checkpoint can hold.

    Every episode has a seed of its own, made of the run's seed and the episode's number. So the
    state is an episode's number, where it started, and the actions since: it is restored by
    replaying these, exactly in any deterministic environment.

    It is opened when it is needed, and closed while the run evaluates, because of some environments
    there may be one at a time.

    Args:
      name: as in `make`.
      seed: the run's.

    Attributes:
      ended: whether the episode is over, so that there is nothing to do but to reset.
      steps: environment steps taken so far.
      non_finite_steps: those of them that led to an observation that is not finite.
    """

    def __init__(self, name: str, seed: int) -> None:
        self._name, self._seed = name, seed
        self._env: gymnasium.Env | None = None
        self.steps = self.non_finite_steps = 0
        self._turn_to(0)

    @property
    def observation(self) -> np.ndarray:
        """[observation_size] in its `float_type`, the one to act on next."""
        if self._observation is None:
            actions, self._actions = self._actions, []
            self._observation = self._begin()
            for action in np.array(actions, self.action_space.dtype):
                self._take(action)
        return self._observation

    @property
    def action_space(self) -> gymnasium.Space:
        """The environment's."""
        return self._opened().action_space

    def reset(self) -> np.ndarray:
        """Begins the next episode, from the initial distribution: its first observation."""
        self._turn_to(self._episode + 1)
        return self.observation

    def reset_to(self, observation: np.ndarray) -> np.ndarray:
        """Begins the next episode in the state of an observation: what is observed there.

        Where the simulator cannot be put into a state it begins as `reset` does.
        """
        possible = demonstrated_starts.is_possible(self._opened())
        self._turn_to(self._episode + 1, observation if possible else None)
        return self.observation

    def step(self, action: np.ndarray | np.generic) -> tuple[np.ndarray | None, bool, bool]:
        """Steps once.

        Args:
          action: as the environment takes it.

        Returns:
          next_observation: [observation_size], where it led. None if that is not finite;
            then the episode is over, and this step is no part of it.
          terminated: whether the task ended with this step.
          ended: whether the episode ended with it, by termination or time limit.
        """
        assert self.observation is not None  # It is where it should be.
        finite_observation, terminated = self._take(action)
        self.steps += 1
        if not finite_observation:
            self._count_not_finite()
            return None, False, True
        return self.observation, terminated, self.ended

    def pause(self) -> None:
        """Closes the environment and gives the episode up: there is nothing to do but to reset."""
        self.close()
        self.ended = True

    def close(self) -> None:
        """Closes the environment; it is opened again when it is needed."""
        self._observation = None
        if self._env is not None:
            self._env.close()
            self._env = None

    def _opened(self) -> gymnasium.Env:
        if self._env is None:
            self._env = make_environment(self._name)
        return self._env

    def _turn_to(self, episode: int, start: np.ndarray | None = None) -> None:
        """Chooses what to begin when the next observation is asked for."""
        self._episode, self._start, self.ended = episode, start, False
        self._actions: list[Any] = []
        self._observation: np.ndarray | None = None

    def _begin(self) -> np.ndarray:
        """Begins the episode that was turned to, or a later one if it begins nowhere."""
        env = self._opened()
        while True:
            seed = np.random.SeedSequence([self._seed, self._episode]).generate_state(1)[0]
            observation, _ = env.reset(seed=int(seed))
            if self._start is not None:
                observation = demonstrated_starts.enter(env, self._start)
            if finite.is_finite(observation):
                return self._typed(observation)
            self._count_not_finite()
            self._turn_to(self._episode + 1)

    def _take(self, action: Any) -> tuple[bool, bool]:
        """Steps, and tells whether where it led is finite, and whether the task ended."""
        observation, _, terminated, truncated, _ = self._opened().step(action)
        if not finite.is_finite(observation):
            self.ended = True
            return False, False
        self._actions.append(np.array(action))
        self._observation = self._typed(observation)
        self.ended = bool(terminated or truncated)
        return True, bool(terminated)

    def _typed(self, observation: np.ndarray) -> np.ndarray:
        return np.array(observation, float_type(self._opened().observation_space.dtype))

    def _count_not_finite(self) -> None:
        self.non_finite_steps += 1
        finite.check_number(self._name, self.non_finite_steps, self.steps)

    def serialize(self) -> str:
        """What a checkpoint holds."""
        return json.dumps(
            {
                "steps": self.steps,
                "non_finite_steps": self.non_finite_steps,
                "episode": self._episode,
                "start": None if self._start is None else np.asarray(self._start).tolist(),
                "actions": [np.asarray(action).tolist() for action in self._actions],
                "ended": self.ended,
            }
        )

    def deserialize(self, string_value: str) -> None:
        """Restores what `serialize` gave; the episode's actions are replayed when it is needed."""
        self.close()
        state = json.loads(string_value)
        start = state["start"]
        self._turn_to(state["episode"], None if start is None else np.array(start))
        self._actions, self.ended = state["actions"], state["ended"]
        self.steps, self.non_finite_steps = state["steps"], state["non_finite_steps"]
