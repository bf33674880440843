"""What recorded episodes and an environment have in common can be measured: where they begin, how
far their observations reach, which actions are taken, and where they lead.
"""

from __future__ import annotations

from collections.abc import Sequence
import time
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from mgail_tf import strict_json
from mgail_tf.envs.finite import is_finite
from mgail_tf.errors import UserError

# What is looked at of an environment: its beginnings, and a few steps at random after each, within
# so many seconds, because a simulator may be slow.
RESETS, STEPS, SECONDS = 20, 25, 5.0

# The steps that say how an environment goes on: the first ones of each episode, because acting at
# random does not come far either; so many of demonstrations, because they are kept beside a policy.
OPENING, KEPT = 10, 20
# Longer observations need more steps than are looked at; nothing is kept of them.
LONGEST = 125

# Observations of an episode, at most, from which it is told where they usually are.
SAMPLE = 100

# Per cent, of which the quantiles of actions are kept.
QUANTILES = np.linspace(0.0, 1.0, 101)


class Measurements(NamedTuple):
    """Numbers of some episodes, few enough to be kept beside a policy.

    Attributes:
      episodes, steps: number of episodes, and of their actions.
      first: [3, observation_size] lowest, median and highest of the first observations.
      every: [2, observation_size] lowest and highest of all observations.
      usual: [2, observation_size] between which four of five observations are.
      actions: [101, action_size] quantiles of each component; None of actions that are choices.
      opening: [steps, 2 observation_size + action_size] observation, action and next observation of
        some of the first steps; None where they are not known, or of more than `LONGEST` numbers.
    """

    episodes: int
    steps: int
    first: np.ndarray
    every: np.ndarray
    usual: np.ndarray
    actions: np.ndarray | None
    opening: np.ndarray | None = None

    def to_json(self) -> dict[str, Any]:
        """The measurements as values that JSON has."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self._asdict().items()
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Measurements:
        """What `to_json` made these values of.

        Raises:
          ValueError: it has made no such values.
        """
        strict_json.check(values, {"episodes": int, "steps": int}, "`measured`")
        first, every, usual = (_table(values, name) for name in ("first", "every", "usual"))
        actions, opening = (
            _table(values, name) if values.get(name) else None for name in ("actions", "opening")
        )
        size = first.shape[1]
        shapes = [each.shape for each in (first, every, usual)]
        fit = shapes == [(3, size), (2, size), (2, size)] and size and values["episodes"] > 0
        if actions is not None:
            fit = fit and len(actions) == len(QUANTILES)
        if opening is not None:
            action_size = opening.shape[1] - 2 * size
            fit = fit and action_size == (action_size if actions is None else actions.shape[1])
            fit = fit and action_size > 0
        if not fit:
            raise ValueError("the shapes of `measured` contradict each other")
        return cls(values["episodes"], values["steps"], first, every, usual, actions, opening)


def _table(values: dict[str, Any], name: str) -> np.ndarray:
    """[rows, columns] one of the values as an array.

    Raises:
      ValueError: it has no such rows, or they are not finite.
    """
    try:
        array = np.array(values.get(name), np.float64)
    except TypeError as error:
        raise ValueError(f"{name} are no numbers") from error
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(f"{name} are no rows of finite numbers")
    return array


class Measuring:
    """Takes episodes one after the other.

    Args:
      opening: the first steps of an episode that `Measurements.opening` is taken of.
      kept: how many it has.
    """

    def __init__(self, opening: int = OPENING, kept: int = KEPT):
        self._opening, self._kept = opening, kept
        self._steps: list[np.ndarray] = []
        self._first: list[np.ndarray] = []
        self._lowest: list[np.ndarray] = []
        self._highest: list[np.ndarray] = []
        self._some: list[np.ndarray] = []
        self._actions: list[np.ndarray] = []

    def add(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Adds an episode.

        Args:
          observations: [length + 1, ...]; what is not finite does not count.
          actions: [length, ...].
        """
        observations = np.reshape(observations, [len(observations), -1]).astype(np.float64)
        length = min(len(actions), self._opening)
        taken = np.reshape(actions[:length], [length, -1]).astype(np.float64)
        steps = np.column_stack([observations[:length], taken, observations[1 : length + 1]])
        self._steps.append(steps[np.isfinite(steps).all(1)])
        observations = observations[np.isfinite(observations).all(1)]
        if len(observations):
            self._first.append(observations[0])
            self._some.append(observations[:: -(-len(observations) // SAMPLE)])
            self._lowest.append(observations.min(0))
            self._highest.append(observations.max(0))
            self._actions.append(np.asarray(actions))

    def result(self) -> Measurements | None:
        """What was measured; None without an episode."""
        if not self._first:
            return None
        return Measurements(
            len(self._first),
            sum(map(len, self._actions)),
            np.quantile(self._first, [0.0, 0.5, 1.0], axis=0),
            np.array([np.min(self._lowest, 0), np.max(self._highest, 0)]),
            np.quantile(np.concatenate(self._some), [0.1, 0.9], axis=0),
            self._quantiles(),
            self._some_steps(),
        )

    def _some_steps(self) -> np.ndarray | None:
        if len(self._first[0]) > LONGEST:
            return None
        steps = np.concatenate(self._steps)
        return steps[np.unique(np.linspace(0, len(steps) - 1, self._kept).astype(int))]

    def _quantiles(self) -> np.ndarray | None:
        actions = np.concatenate(self._actions)
        if actions.dtype.kind != "f" or not actions.size:
            return None
        # A quantile is an action that was taken, so that limits show.
        flat = actions.reshape(len(actions), -1).astype(np.float64)
        return np.quantile(flat, QUANTILES, axis=0, method="nearest")


def of_episodes(episodes: Sequence[Any]) -> Measurements | None:
    """Measures `Episode`s, whose observations are vectors."""
    measuring = Measuring()
    for episode in episodes:
        measuring.add(episode.observations, episode.actions)
    return measuring.result()


def of_environment(env: gymnasium.Env) -> Measurements | None:
    """Measures where an environment begins, and a few steps of actions at random.

    Returns:
      What there was time for; None if the environment fails, which a run will tell better.
    """
    measuring, started = Measuring(STEPS, RESETS * STEPS), time.monotonic()
    env.action_space.seed(0)
    try:
        for seed in range(RESETS):
            observations, actions = [env.reset(seed=seed)[0]], []
            ended = not is_finite(observations[0])
            while not ended and len(actions) < STEPS and time.monotonic() < started + SECONDS:
                actions.append(env.action_space.sample())
                observation, _, terminated, truncated, _ = env.step(actions[-1])
                ended = terminated or truncated
                if not is_finite(observation):
                    actions.pop()
                    break
                observations.append(observation)
            if actions:
                measuring.add(np.array(observations), np.array(actions))
            if time.monotonic() > started + SECONDS:
                break
    except UserError:
        raise
    except Exception:  # Whatever the environment raises.
        return None
    return measuring.result()
