"""Environments that are open: in this process, or spread over worker processes.

Slow simulators are worth processes of their own. Which environment is where changes nothing,
because everything that one of them draws comes from the seeds that it is reset with.
"""

from collections.abc import Callable, Mapping
import contextlib
import functools
import itertools
from multiprocessing import resource_tracker
import signal
from typing import Any, NamedTuple
import warnings

import gymnasium
from gymnasium.vector import AsyncVectorEnv
import numpy as np

from mgail_tf.errors import EnvironmentFailed, UserError

# Seconds that a worker has to finish what it does, once nobody waits for it any more.
PATIENCE = 5.0


class Outcome(NamedTuple):
    """Where a step led.

    Attributes:
      observation: [observation_size].
      reward: of the step; NaN if the environment says so.
      terminated: whether the task ended.
      truncated: whether the episode was cut off.
    """

    observation: np.ndarray
    reward: float
    terminated: bool
    truncated: bool


class Description(NamedTuple):
    """What is to be known of an environment before it is stepped.

    Attributes:
      observation_space, action_space: its spaces.
      time_limit: steps after which an episode is cut off; None if there is no such limit.
    """

    observation_space: gymnasium.Space
    action_space: gymnasium.Space
    time_limit: int | None


class Host(gymnasium.Env):
    """Those environments that are open in one process; by their numbers, modulo the processes.

    It is an environment itself only because gymnasium's `AsyncVectorEnv` wants to run some.

    Args:
      index, processes: which of the processes it is in.
    """

    observation_space = action_space = gymnasium.spaces.Discrete(1)

    def __init__(self, index: int = 0, processes: int = 1):
        self._index, self._processes = index, processes
        self._envs: dict[int, gymnasium.Env] = {}

    def perform(self, method: str, arguments: Mapping[int, Any]) -> dict[int, Any]:
        """Calls a method for each of its environments that there is an argument for.

        Returns:
          The results by the environments' numbers. The first error that is raised is the last one.
        """
        call = getattr(self, f"_{method}")
        results: dict[int, Any] = {}
        for key in arguments:
            if key % self._processes == self._index:
                try:
                    results[key] = call(key, arguments[key])
                except Exception as error:
                    results[key] = error
                    break
        return results

    def _open(self, key: int, make: Callable[[], gymnasium.Env]) -> Description:
        env = self._envs[key] = make()
        limit = None if env.spec is None else env.spec.max_episode_steps
        return Description(env.observation_space, env.action_space, limit)

    def _reset(self, key: int, seed: int) -> np.ndarray:
        return self._envs[key].reset(seed=seed)[0]

    def _step(self, key: int, action: Any) -> Outcome:
        observation, reward, terminated, truncated, _ = self._envs[key].step(action)
        return Outcome(observation, float(reward), terminated, truncated)

    def _shut(self, key: int, _: None) -> None:
        if key in self._envs:
            self._envs.pop(key).close()

    def close(self) -> None:
        for env in self._envs.values():
            env.close()
        self._envs.clear()


class Workers:
    """Processes that environments can be opened in.

    They start without anything of this process (`spawn`), because a copy of a process that has
    TensorFlow's threads can hang.

    Args:
      count: number of processes.
    """

    def __init__(self, count: int):
        # Whoever presses Ctrl-C, or closes the terminal, means the main process, which ends the
        # workers, by SIGTERM if need be. What it starts inherits its blocked signals.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        try:
            resource_tracker.ensure_running()  # It unblocks SIGINT here.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            self._hosts = AsyncVectorEnv(
                [functools.partial(Host, index, count) for index in range(count)],
                shared_memory=False,
                context="spawn",
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def perform(self, method: str, arguments: Mapping[int, Any]) -> list[dict[int, Any]]:
        """What the hosts' `perform` return."""
        if self._hosts.closed:
            return []
        try:
            return list(self._hosts.call("perform", method, dict(arguments)))
        except BaseException as error:
            self.close()
            if isinstance(error, EOFError | OSError):
                raise EnvironmentFailed(
                    "a worker process of `env_processes` has ended; did its simulator crash, or "
                    "was it killed?"
                ) from error
            raise

    def close(self) -> None:
        """Closes what is open in them, and ends them."""
        if self._hosts.closed:
            return
        try:
            with warnings.catch_warnings(action="ignore"):
                self._hosts.close(timeout=PATIENCE)
        except Exception:  # A worker is gone, or in the middle of something.
            for process in self._hosts.processes:
                process.terminate()
                process.join()
        self._hosts.closed = True


class _Here:
    """The main process, as if it were a worker."""

    def __init__(self):
        self._host = Host()

    def perform(self, method: str, arguments: Mapping[int, Any]) -> list[dict[int, Any]]:
        return [self._host.perform(method, arguments)]


class Instances:
    """Instances of one environment, each of which is reset and stepped when its user says so.

    Args:
      make: makes an instance. Workers take only what can be pickled.
      count: number of instances.
      workers: where they are; in this process if None.

    Attributes:
      description: of the first of them.

    Raises:
      UserError: by the constructor: they cannot be made; by the others: see `Guarded`.
    """

    _numbers = itertools.count()

    def __init__(
        self, make: Callable[[], gymnasium.Env], count: int, workers: Workers | None = None
    ):
        self._place = workers or _Here()
        self._keys = [next(self._numbers) for _ in range(count)]
        try:
            # The first one alone: if it cannot be made, the number is not to blame.
            [self.description] = self._perform("open", {0: make}).values()
            self._open_others(make)
        except BaseException:
            self.close()
            raise

    def _open_others(self, make: Callable[[], gymnasium.Env]) -> None:
        try:
            self._perform("open", {index: make for index in range(1, len(self._keys))})
        except UserError as error:
            raise UserError(
                f"{error}; one instance could be opened, but not {len(self._keys)} at a time; "
                "`num_envs=1` opens one after another"
            ) from error

    def reset(self, seeds: Mapping[int, int]) -> dict[int, np.ndarray]:
        """Resets instances with seeds, both by number: the first observations."""
        return self._perform("reset", seeds)

    def step(self, actions: Mapping[int, Any]) -> dict[int, Outcome]:
        """Steps instances with actions, both by number."""
        return self._perform("step", actions)

    def close(self) -> None:
        """Closes them."""
        # Those of a worker that has ended are closed.
        with contextlib.suppress(EnvironmentFailed):
            self._perform("shut", dict.fromkeys(range(len(self._keys))))

    def _perform(self, method: str, arguments: Mapping[int, Any]) -> dict[int, Any]:
        keys = {self._keys[index]: index for index in arguments}
        by_key = {key: arguments[index] for key, index in keys.items()}
        found = {
            keys[key]: result
            for results in self._place.perform(method, by_key)
            for key, result in results.items()
        }
        # Of several errors, the one that would have come first in one process.
        for index in sorted(found):
            if isinstance(found[index], Exception):
                raise found[index]
        return found
