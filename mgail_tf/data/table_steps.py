"""Turns the fields of a table into recorded steps: one row a step, in the order of the episodes."""

from typing import Any

import numpy as np

from mgail_tf.data import episode_order, missing_rows
from mgail_tf.data.field_names import VECTORS
from mgail_tf.data.recorded_steps import RecordedSteps, flat, unknown, unknown_like
from mgail_tf.data.stacked_episodes import Sizes, unstack
from mgail_tf.data.tables import FLAGS, Fields, Table
from mgail_tf.errors import UserError

# Any of these tells something of the order of the rows.
ORDERING = {*FLAGS, "episode", "step", "next_observations"}
# One value for each row.
PER_STEP = "rewards", "next_observations"


def steps_of(table: Table, fields: Fields, sizes: Sizes | None = None) -> RecordedSteps:
    """The steps of a table.

    Args:
      table, fields: the table, and what `tables.read_fields` found in it.
      sizes: see `stacked_episodes.unstack`.

    Raises:
      UserError: rows are missing, flags are no flags, or the order of the rows makes no sense.
    """
    values = unstack(fields, sizes)
    for name in values:
        if name not in VECTORS and values[name].ndim > 1:
            raise UserError(f"{table.path}: {fields.labels[name]} must be one number a row")
    length = len(values["actions"])
    if not length:
        raise UserError(f"{table.path} holds no action")
    values = _without_useless(table, values, fields)
    for name in PER_STEP:
        if name in values and len(values[name]) != length:
            raise UserError(_unequal(table, fields, values))
    whole = np.all(np.isfinite(flat(values["actions"])), axis=1)
    if len(values["observations"]) == length:
        whole = whole & np.all(np.isfinite(flat(values["observations"])), axis=1)
    starts = episode_order.starts(table, fields, values, whole)
    flags = {
        name: episode_order.flags(table, fields, values[name], name, whole)
        for name in ("terminated", "not_terminated", "truncated", "ended")
        if name in values
    }
    of_episodes = {name: flag for name, flag in flags.items() if len(flag) != length}
    of_steps = {name: flag for name, flag in flags.items() if len(flag) == length}
    values = {**values, **of_steps, "starts": starts}
    for name in of_episodes:
        del values[name]
    values, last, ordered_by = episode_order.in_order(table, fields, values)
    ends = last | _any([values.get(name) for name in ("terminated", "truncated", "ended")], length)
    if "not_terminated" in of_steps:
        ends |= ~values["not_terminated"]
    ends[-1:] = True
    number = int(ends.sum())
    for name, flag in of_episodes.items():
        if len(flag) != number:
            raise UserError(_unequal(table, fields, values | {name: flag}))
        values[name] = np.zeros(length, bool) if name != "not_terminated" else np.ones(length, bool)
        values[name][ends] = flag
    observations = values["observations"]
    if len(observations) == length + number:
        # Each episode has one observation more than actions: where it ended.
        before = np.arange(length) + np.append(0, np.cumsum(ends)[:-1])
        values["observations"] = observations[before]
        values["next_observations"] = observations[before + 1]
        last, ordered_by = ends, ordered_by or "observations"
    elif len(observations) != length:
        raise UserError(_unequal(table, fields, values))
    if "next_observations" in values:
        shapes = [values[name].shape for name in ("observations", "next_observations")]
        if shapes[0] != shapes[1]:
            raise UserError(
                f"{table.path}: {fields.labels['next_observations']} are of shape {shapes[1]}, "
                f"and {fields.labels['observations']} of {shapes[0]}; both must be alike"
            )
    _add_final_observations(table, fields, values, ends)
    terminated = values.get("terminated")
    if "not_terminated" in values:
        terminated = ~values["not_terminated"] | (False if terminated is None else terminated)
    rewards = values.get("rewards", np.full(length, np.nan))
    if "rewards" not in values and len(values.get("returns", [])) == number > 0:
        rewards = np.zeros(length)
        rewards[ends] = values["returns"]
        fields.notes.append(f"rewards: only {fields.labels['returns']} are known")
    steps = RecordedSteps(
        table.path,
        values["observations"],
        values["actions"],
        np.asarray(rewards, np.float64),
        values.get("next_observations"),
        terminated,
        values.get("truncated"),
        values.get("ended"),
        last,
        np.zeros(length, bool),
        ordered_by,
        ", ".join(fields.labels[name] for name in (*of_steps, *of_episodes)),
    )
    return missing_rows.find(table, fields, steps, values["row"])


def _without_useless(table: Table, values: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """Leaves out what has the name of an order of the rows, but is none.

    Raises:
      UserError: lengths of episodes are wrong, and nothing else tells where episodes end.
    """
    length = len(values["actions"])
    if "lengths" in values and not ORDERING & set(values):
        total = values["lengths"].sum()
        if len(values["lengths"]) != length != total:
            raise UserError(
                f"{table.path}: {fields.labels['lengths']} add up to {total:g}, and there are "
                f"{length} rows"
            )
    fitting = {
        "lengths": lambda lengths: lengths.sum() == length,
        "step": lambda steps: len(steps) == length,
        "episode": lambda numbers: len(numbers) == length,
    }
    for name, fits in fitting.items():
        if name in values and not fits(values[name]):
            fields.unknown.append(fields.labels.pop(name))
            del values[name]
    return values


def _any(flags: list[np.ndarray | None], length: int) -> np.ndarray:
    result = np.zeros(length, bool)
    for flag in flags:
        if flag is not None:
            result |= flag
    return result


def _unequal(table: Table, fields: Fields, values: dict[str, Any]) -> str:
    """What to say of arrays that do not have a row for each step."""
    rows = {
        label: len(values[field])
        for field, label in fields.labels.items()
        if field in values and field not in ("lengths", "returns")
    }
    told = ", ".join(f"{label} {count}" for label, count in rows.items())
    observations = values["observations"]
    others = {length for name in ("actions", "rewards") for length in np.shape(values.get(name, 0))}
    turned = observations.ndim == 2 and {*observations.shape} & others == {observations.shape[1]}
    hint = f"; {fields.labels['observations']} seem to be transposed" if turned else ""
    return f"{table.path}: its arrays must have a row for each step; they have: {told}{hint}"


def _add_final_observations(
    table: Table, fields: Fields, values: dict[str, Any], ends: np.ndarray
) -> None:
    """Puts the observations in which episodes ended where the last steps led."""
    if "final_observations" not in values:
        return
    final, length = values["final_observations"], len(values["actions"])
    if len(final) == length:
        final = final[ends]
    if len(final) != ends.sum() or final.shape[1:] != values["observations"].shape[1:]:
        raise UserError(
            f"{table.path}: {fields.labels['final_observations']} must have a row for each step or "
            f"for each of the {ends.sum()} episodes, and be as the observations"
        )
    following = values.get("next_observations")
    following = unknown_like(values["observations"]) if following is None else following.copy()
    known = ~unknown(final)
    following[np.flatnonzero(ends)[known]] = final[known]
    values["next_observations"] = following
