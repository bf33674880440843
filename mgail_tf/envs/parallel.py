"""Environments that step together."""

from collections.abc import Callable, Iterable
import copy
import functools
import json
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.envs import finite
from mgail_tf.envs.instances import Instances, Workers
from mgail_tf.envs.make import make_wrapped
from mgail_tf.float_types import float_type


class Position:
    """How far the environments have come: all that is needed to bring new ones there.

    Attributes:
      steps: environment steps since the start of the run.
      not_finite: how many observations were not finite.
      episode: number of each environment's episode.
      actions: of each environment's episode so far.
      cut: whether the episode that an environment was in has been given up since its last step.
    """

    def __init__(self, num_envs: int):
        self.steps = self.not_finite = 0
        self.episode = [0] * num_envs
        self.actions: list[list[Any]] = [[] for _ in range(num_envs)]
        self.cut = [False] * num_envs

    def copy(self) -> "Position":
        """Returns one that does not change when this one does."""
        other = copy.copy(self)
        other.episode, other.cut = self.episode.copy(), self.cut.copy()
        other.actions = [history.copy() for history in self.actions]
        return other

    def begin_episode(self, env: int) -> None:
        """Turns to an environment's next episode."""
        self.episode[env] += 1
        self.actions[env] = []


class ParallelEnvironments(tf.train.experimental.PythonState):
    """Steps environments together; where an episode ends, the next one starts at once.

    A checkpoint can hold it: `tf.train.Checkpoint(environments=...)`. Every episode has a seed of
    its own, made of the run's seed, the environment's index and the episode's number. Hence a
    checkpoint holds the actions of the unfinished episodes only: in a deterministic environment
    their replay leads to the same states exactly.

    The environments are opened when they are needed, and may be closed in between.

    Args:
      name: a task or a gymnasium id.
      num_envs: number of environments.
      seed: the run's seed.
      wrapper: is put around each environment.
      workers: the processes that step them; this one if None.

    Attributes:
      position: how far they have come.
    """

    def __init__(
        self,
        name: str,
        num_envs: int,
        seed: int,
        wrapper: Callable[[gymnasium.Env], gymnasium.Env] | None = None,
        workers: Workers | None = None,
    ):
        self._name, self._seed, self._workers = name, seed, workers
        self._make = functools.partial(make_wrapped, name, wrapper)
        self._instances: Instances | None = None
        self._observation: np.ndarray | None = None
        self.position = Position(num_envs)

    @property
    def num_envs(self) -> int:
        """Number of environments."""
        return len(self.position.episode)

    @property
    def steps(self) -> int:
        """Environment steps since the start of the run; `num_envs` for each call of `step`."""
        return self.position.steps

    @property
    def observation(self) -> np.ndarray:
        """[num_envs, observation_size] in their `float_type`, the observations to act on next."""
        if self._observation is None:
            self._observation = self._enter()
        return self._observation

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Steps every environment once.

        Args:
          actions: [num_envs, ...] as the environment takes them.

        Returns:
          next_observation: [num_envs, observation_size], where each step led.
          terminated: [num_envs] bool, whether the task ended the episode.
          ended: [num_envs] bool, whether the task or the time limit ended it.
          finite: [num_envs] bool, whether it led to a finite observation. Where not, the episode is
            over, and this step is no part of it.
        """
        before, position = self.observation, self.position
        assert self._instances is not None  # Who has observed has opened them.
        # A copy, because a wrapper may change the actions, and they may be replayed.
        outcomes = self._instances.step(dict(enumerate(np.array(actions))))
        position.steps += self.num_envs
        terminated, ended, is_finite = np.zeros([3, self.num_envs], bool)
        next_observation, following = before.copy(), before.copy()
        for env, outcome in outcomes.items():
            is_finite[env] = finite.is_finite(outcome.observation)
            terminated[env] = outcome.terminated and is_finite[env]
            ended[env] = outcome.terminated or outcome.truncated or not is_finite[env]
            if is_finite[env]:
                next_observation[env] = following[env] = outcome.observation
                position.actions[env].append(np.array(actions[env]))
            else:
                self._count_not_finite()
            if ended[env]:
                position.begin_episode(env)
        self._reset(np.flatnonzero(ended), following)
        self._observation = following
        return next_observation, terminated, ended, is_finite

    def go_to(self, position: Position) -> None:
        """Leaves the episodes that they are in, and goes on from another position."""
        self.close()
        self.position = position

    def set_aside(self) -> None:
        """Closes the environments and gives their episodes up; later steps are in new ones."""
        self.close()
        for env, actions in enumerate(self.position.actions):
            if actions:
                self.position.cut[env] = True
                self.position.begin_episode(env)

    def close(self) -> None:
        """Closes the environments; the next step opens them again, and goes on where they were."""
        self._observation = None
        if self._instances is not None:
            self._instances.close()
            self._instances = None

    def serialize(self) -> str:
        """Returns what `deserialize` needs: the position."""
        state = dict(vars(self.position))
        state["actions"] = [np.asarray(history).tolist() for history in self.position.actions]
        return json.dumps(state)

    def deserialize(self, string_value: str | bytes) -> None:
        """Restores a position; the unfinished episodes' actions are replayed when it is needed."""
        self.close()
        vars(self.position).update(json.loads(string_value))

    def _enter(self) -> np.ndarray:
        """Opens the environments where they are closed, and goes to the position."""
        if self._instances is None:
            self._instances = Instances(self._make, self.num_envs, self._workers)
        spaces, actions = self._instances.description, self.position.actions
        space = spaces.observation_space
        observation = np.zeros([self.num_envs, *(space.shape or ())], float_type(space.dtype))
        self._reset(range(self.num_envs), observation)
        for env, history in enumerate(actions):
            actions[env] = list(np.array(history, spaces.action_space.dtype))
        for step in range(max(map(len, actions))):
            taken = {
                env: history[step].copy()
                for env, history in enumerate(actions)
                if step < len(history)
            }
            for env, outcome in self._instances.step(taken).items():
                observation[env] = outcome.observation
        return observation

    def _reset(self, envs: Iterable[int], observation: np.ndarray) -> None:
        """Starts episodes of some of the environments, and writes what is observed there."""
        assert self._instances is not None
        waiting = [int(env) for env in envs]
        while waiting:
            started = self._instances.reset({env: self._episode_seed(env) for env in waiting})
            waiting = []
            for env, initial in started.items():
                if finite.is_finite(initial):
                    observation[env] = initial
                else:
                    self._count_not_finite()
                    self.position.begin_episode(env)
                    waiting.append(env)

    def _episode_seed(self, env: int) -> int:
        entropy = [self._seed, env, self.position.episode[env]]
        return int(np.random.SeedSequence(entropy).generate_state(1)[0])

    def _count_not_finite(self) -> None:
        self.position.not_finite += 1
        finite.check_number(self._name, self.position.not_finite, self.position.steps)
