"""Recorded steps, one a row, in the order in which they happened."""

import dataclasses
import itertools
import math
import pathlib
from typing import Any

import numpy as np

from mgail_tf.errors import UserError


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
      missing: [steps] bool, whether a step happened, but what is recorded of it is not usable.
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
    missing: np.ndarray
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


def joined(
    parts: list[RecordedSteps],
    path: pathlib.Path,
    ordered_by: str,
    *,
    an_episode_each: bool = False,
) -> RecordedSteps:
    """Puts recorded steps one after the other; each part's last step ends an episode.

    Args:
      parts: the steps.
      path: what messages call the whole.
      ordered_by: what the parts are.
      an_episode_each: whether episodes end nowhere else.

    Raises:
      UserError: observations or actions of two parts have different shapes.
    """
    for part, field in itertools.product(parts, ("observations", "actions")):
        here, first = (getattr(each, field).shape[1:] for each in (part, parts[0]))
        if here != first:
            raise UserError(
                f"{part.path}: its {field} are of shape {here}, those of {parts[0].path} of {first}"
            )
    lasts = [np.zeros(len(part), bool) if an_episode_each else part.last.copy() for part in parts]
    for last in lasts:
        last[-1:] = True
    values: dict[str, Any] = {}
    for field in "observations", "actions", "rewards", "next_observations":
        values[field] = _stacked(parts, field)
    for field in "terminated", "truncated", "ended":
        flags = [getattr(part, field) for part in parts]
        known = any(flag is not None for flag in flags)
        values[field] = (
            np.concatenate(
                [
                    np.zeros(len(part), bool) if flag is None else flag
                    for part, flag in zip(parts, flags, strict=True)
                ]
            )
            if known
            else None
        )
    return RecordedSteps(
        path,
        **values,
        last=np.concatenate(lasts),
        missing=np.concatenate([part.missing for part in parts]),
        ordered_by=ordered_by,
        flagged_by=parts[0].flagged_by,
        whole=an_episode_each or all(part.whole for part in parts),
    )


def _stacked(parts: list[RecordedSteps], field: str) -> np.ndarray | None:
    """The rows of all parts; rows of NaN where only some have them."""
    arrays = [getattr(part, field) for part in parts]
    if all(array is None for array in arrays):
        return None
    return np.concatenate(
        [
            unknown_like(part.observations) if array is None else array
            for part, array in zip(parts, arrays, strict=True)
        ]
    )


def flat(values: np.ndarray) -> np.ndarray:
    """[rows, numbers] of the same values."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def unknown(values: np.ndarray) -> np.ndarray:
    """[rows] bool, whether a row holds nothing but NaN."""
    return np.all(flat(values != values), axis=1)


def unknown_like(observations: np.ndarray) -> np.ndarray:
    """Rows of NaN in the place of observations, in a type that can hold NaN."""
    kind = np.result_type(observations.dtype, np.float32)
    return np.full(observations.shape, np.nan, kind)
