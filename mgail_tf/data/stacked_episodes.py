"""Arrays that have an episode a row, as openai/baselines writes them: [episodes, steps, ...]."""

import math
from typing import Any, NamedTuple

import numpy as np

from mgail_tf.data.field_names import VECTORS
from mgail_tf.data.tables import Fields


class Sizes(NamedTuple):
    """How many numbers an observation and an action of the environment have."""

    observation: int
    action: int


def unstack(fields: Fields, sizes: Sizes | None = None) -> dict[str, Any]:
    """Turns arrays with an episode a row into arrays with a step a row; others stay as they are.

    What fills the rows of shorter episodes is left out: what `lengths` says, or else zeros or NaN
    at the end of all arrays.

    Args:
      fields: the arrays.
      sizes: of the environment, if it is known; they tell the axes of a step from those of rows.
    """
    values = dict(fields.values)
    if sizes is not None:
        values |= {
            name: _as_vectors(values[name], name, sizes) for name in VECTORS if name in values
        }
    observations, actions = values["observations"], values["actions"]
    if not _stacked(values):
        if observations.ndim >= 3 and actions.ndim >= 2 and observations.shape[1] == 1:
            # One environment of a vector of environments.
            for name in VECTORS:
                if name in values and values[name].ndim >= 3:
                    values[name] = values[name][:, 0]
        return values
    if _time_first(values):
        rows = actions.shape[:2]
        values = {
            name: array.swapaxes(0, 1) if array.shape[:2] == rows else array
            for name, array in values.items()
        }
        observations, actions = values["observations"], values["actions"]
        fields.notes.append("rows: the first axis is time, the second one the environments")
    episodes, steps = actions.shape[:2]
    if observations.shape[1] == steps + 1:
        values["next_observations"] = observations[:, 1:]
        values["observations"] = observations[:, :-1]
    filled = _filled(values, episodes, steps, one_more=observations.shape[1] == steps + 1)
    values.pop("lengths", None)
    result = {}
    for name, array in values.items():
        result[name] = array[filled] if array.shape[:2] == (episodes, steps) else array
    result["episode"] = np.nonzero(filled)[0]
    fields.labels["episode"] = "an episode a row"
    return result


def _as_vectors(values: np.ndarray, name: str, sizes: Sizes) -> np.ndarray:
    """Puts the numbers of a step into one axis, where the environment has several for them."""
    size = sizes.action if name == "actions" else sizes.observation
    for axes in 1, 2:
        if values.ndim > axes + 1 and math.prod(values.shape[axes:]) == size:
            return values.reshape(*values.shape[:axes], size)
    return values


def _stacked(values: dict[str, Any]) -> bool:
    observations, actions = values["observations"], values["actions"]
    if observations.ndim < 3 or actions.ndim < 2 or actions.shape[1] < 2:
        return False
    rows = actions.shape[:2]
    if len(observations) != rows[0] or observations.shape[1] - rows[1] not in (0, 1):
        return False
    if _a_row_each(values, "rewards") or any(
        _a_row_each(values, name) and not (values[name] > 0).all() for name in ("ended", "starts")
    ):
        return False  # Rows are steps, and observations have axes of their own.
    beside = [
        array.shape == rows
        for name, array in values.items()
        if name in ("rewards", "terminated", "not_terminated", "truncated", "ended")
        and array.size != rows[0]
    ]
    return all(beside) if beside else actions.ndim >= 3 or "returns" in values


def _a_row_each(values: dict[str, Any], name: str) -> bool:
    """Whether there is one number for each row."""
    return name in values and values[name].shape == values["actions"].shape[:1]


def _time_first(values: dict[str, Any]) -> bool:
    """Tells arrays [steps, environments, ...] from [environments, steps, ...].

    Time is the axis along which observations change less. That is asked only if episodes end within
    rows; otherwise a row is an episode.
    """
    observations, rows = values["observations"], values["actions"].shape[:2]
    flags = [
        values[name] > 0
        for name in ("terminated", "truncated", "ended")
        if name in values and values[name].shape == rows
    ]
    if observations.shape[:2] != rows or not flags:
        return False
    ends = np.any(flags, axis=0)
    filled = _filled(values, *rows, one_more=False)
    within = ends[:, :-1] & filled[:, 1:]
    if not within.any():
        return False
    along, across = (np.abs(np.diff(observations, axis=axis)).mean() for axis in (1, 0))
    return bool(across < along)


def _filled(values: dict[str, Any], episodes: int, steps: int, one_more: bool) -> np.ndarray:
    """[episodes, steps] bool, whether there is a step.

    Args:
      values: the arrays.
      episodes, steps: their shape.
      one_more: whether each episode has one observation more, so that the first row that holds no
        step holds an observation all the same.
    """
    if "lengths" in values and values["lengths"].shape == (episodes,):
        return np.arange(steps) < values["lengths"][:, None]
    empty = np.ones((episodes, steps), bool)
    names = {"observations", "next_observations", "actions", "rewards"}
    for name in names - ({"observations"} if one_more else set()):
        if name in values and values[name].shape[:2] == (episodes, steps):
            array = values[name].reshape(episodes, steps, -1)
            empty &= ((array == 0) | (array != array)).all(-1)
    # Only at the end.
    return ~np.logical_and.accumulate(empty[:, ::-1], axis=1)[:, ::-1]
