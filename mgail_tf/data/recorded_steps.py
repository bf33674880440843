"""Recorded steps, one a row, in the order in which they happened."""

import dataclasses
import pathlib
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class RecordedSteps:
    """Steps of one episode after the other.

    Attributes:
      path: the file that they are from, for messages.
      observations: [steps, ...] before each step.
      actions: [steps, ...].
      rewards: [steps] float64; NaN where they are not known.
      next_observations: [steps, ...] after each step; rows of NaN where they are not known, None if
        they are known nowhere.
      terminated: [steps] bool, whether the task has ended the episode; None if nothing tells.
      truncated: [steps] bool, whether the time limit has ended it; None if nothing tells.
      ended: [steps] bool, whether the one or the other has; None if nothing tells.
      last: [steps] bool, whether the recording's order says that a step is the last of its episode,
        by numbers of episodes, for example.
      ordered_by: what says so; empty if nothing does.
      flagged_by: what the flags are called.
      whole: whether episodes end nowhere else, whatever the flags are.
    """

    path: pathlib.Path
    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_observations: np.ndarray | None
    terminated: np.ndarray | None
    truncated: np.ndarray | None
    ended: np.ndarray | None
    last: np.ndarray
    ordered_by: str = ""
    flagged_by: str = ""
    whole: bool = False

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def flagged(self) -> np.ndarray:
        """[steps] bool, whether a flag says that an episode ends."""
        flags = np.zeros(len(self), bool)
        for each in (self.terminated, self.truncated, self.ended):
            if each is not None:
                flags |= each
        return flags

    def take(self, rows: np.ndarray) -> "RecordedSteps":
        """The steps of some rows."""
        return self.replace(
            **{
                field.name: value[rows]
                for field in dataclasses.fields(self)
                if isinstance(value := getattr(self, field.name), np.ndarray)
            }
        )

    def replace(self, **changes: Any) -> "RecordedSteps":
        """The same steps with other values of some fields."""
        return dataclasses.replace(self, **changes)


def joined(episodes: list[RecordedSteps]) -> RecordedSteps:
    """Puts tables that hold an episode each one after the other."""
    length = sum(len(episode) for episode in episodes)
    last = np.zeros(length, bool)
    last[np.cumsum([len(episode) for episode in episodes]) - 1] = True
    values: dict[str, Any] = {}
    for field in "observations", "actions", "rewards", "next_observations":
        values[field] = _stacked(episodes, field)
    for field in "terminated", "truncated", "ended":
        flags = [getattr(episode, field) for episode in episodes]
        known = any(flag is not None for flag in flags)
        values[field] = (
            np.concatenate(
                [
                    np.zeros(len(episode), bool) if flag is None else flag
                    for episode, flag in zip(episodes, flags, strict=True)
                ]
            )
            if known
            else None
        )
    return RecordedSteps(episodes[0].path, **values, last=last, ordered_by="groups", whole=True)


def _stacked(episodes: list[RecordedSteps], field: str) -> np.ndarray | None:
    """The rows of all episodes; rows of NaN where only some have them."""
    arrays = [getattr(episode, field) for episode in episodes]
    if all(array is None for array in arrays):
        return None
    return np.concatenate(
        [
            unknown_like(episode.observations) if array is None else array
            for episode, array in zip(episodes, arrays, strict=True)
        ]
    )


def unknown_like(observations: np.ndarray) -> np.ndarray:
    """Rows of NaN in the place of observations, in a type that can hold NaN."""
    kind = np.result_type(observations.dtype, np.float32)
    return np.full(observations.shape, np.nan, kind)
