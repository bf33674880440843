"""Tasks in other units (`--env experiments.rescaled:CartPoleSmall-v0`) and their demonstrations."""

from collections.abc import Callable
import pathlib
from typing import Any, NamedTuple

import gymnasium
from gymnasium.spaces import Box
import minari
import numpy as np

from mgail_tf.data import experts, minari_writer
from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.make import make_environment


class Units(NamedTuple):
    """What a task's numbers are multiplied by, and what is added then.

    Attributes:
      observations: one factor, or two that take turns among the components.
      offset: of all observations.
      actions: of continuous ones.
    """

    observations: tuple[float, ...] = (1.0,)
    offset: float = 0.0
    actions: float = 1.0

    def observe(self, observation: np.ndarray) -> np.ndarray:
        """[..., size] in the task's own units -> in these, float64."""
        return np.resize(self.observations, observation.shape[-1]) * observation + self.offset


UNITS = {
    "CartPole": {
        "Original": Units(),
        "Small": Units((1e-6,)),
        "Large": Units((1e6,)),
        "Offset": Units(offset=1e6),
    },
    "HalfCheetah": {
        "Original": Units(),
        "Mixed": Units((1e-6, 1e6), actions=1e6),
        "SmallActions": Units(actions=1e-6),
        "Offset": Units(offset=1e6),
    },
}
TRAJECTORIES = {"CartPole": 1, "HalfCheetah": 4}


class Rescaled(gymnasium.Wrapper):
    """A task in other units; its rewards are as they were.

    Args:
      env: the task.
      units: what it is observed and acted in.
    """

    def __init__(self, env: gymnasium.Env, units: Units):
        super().__init__(env)
        self._units, actions = units, env.action_space
        self.observation_space = Box(-np.inf, np.inf, env.observation_space.shape, np.float64)
        self._continuous = isinstance(actions, Box)
        if isinstance(actions, Box):
            low, high = units.actions * actions.low, units.actions * actions.high
            self.action_space = Box(low, high, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        return self._units.observe(observation), info

    def step(self, action: Any) -> tuple[np.ndarray, Any, bool, bool, dict[str, Any]]:
        if self._continuous:
            action = np.asarray(action / self._units.actions, np.float32)
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._units.observe(observation), reward, terminated, truncated, info


def environment(task: str, kind: str) -> str:
    """The gymnasium id of a task in other units, with the module that registers it."""
    return f"{__name__}:{task}{kind}-v0"


def write_demonstrations(task: str, kind: str, folder: pathlib.Path) -> None:
    """Writes a task's demonstrations in other units as a Minari dataset."""
    units, source = UNITS[task][kind], experts.demonstrations(task, TRAJECTORIES[task])
    data = minari.MinariDataset(source / "data" if (source / "data").is_dir() else source)
    episodes = [
        Episode(
            units.observe(np.asarray(episode.observations)),
            episode.actions * units.actions if units.actions != 1.0 else episode.actions,
            np.asarray(episode.rewards),
            bool(episode.terminations[-1]),
        )
        for episode in data.iterate_episodes()
    ]
    minari_writer.write(episodes, environment(task, kind), folder)


def _maker(task: str, units: Units) -> Callable[..., gymnasium.Env]:
    return lambda **kwargs: Rescaled(make_environment(task, **kwargs), units)


for _task, _kinds in UNITS.items():
    for _kind, _units in _kinds.items():
        make: Any = _maker(_task, _units)  # Gymnasium's annotation does not say functions.
        gymnasium.register(f"{_task}{_kind}-v0", make)
