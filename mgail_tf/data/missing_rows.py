"""Finds the rows of a recording that hold no step: ends of episodes, and damaged rows."""

from typing import Any

import numpy as np

from mgail_tf.data.recorded_steps import RecordedSteps, flat, unknown, unknown_like
from mgail_tf.data.tables import Fields, Table


def find(table: Table, fields: Fields, steps: RecordedSteps, rows: np.ndarray) -> RecordedSteps:
    """Takes out rows that are no steps, and marks the steps that are damaged as missing.

    A row without an action shows where the action before it led, and ends the episode. So does a
    row without anything, which shows nothing. But a step is missing where only some of its numbers
    are there or finite, or where what tells the ends of episodes says that this one goes on.

    Args:
      table, fields: where the steps are from; `fields` is told the rows that are not usable.
      steps: the steps.
      rows: [steps] their places in the table.
    """
    no_action, no_observation = unknown(steps.actions), unknown(steps.observations)
    idle = no_action | no_observation
    missing = _missing(steps, no_action, no_observation)
    idle &= ~missing
    changes: dict[str, Any] = {}
    if missing.any():
        fields.missing.extend(_places(table, rows[missing]))
        changes["missing"] = missing
    shown = np.flatnonzero((idle | missing)[1:] & ~(idle | missing)[:-1] & ~steps.last[:-1])
    shown = shown[~(missing[shown + 1] & steps.flagged[shown])]
    known = shown[np.isfinite(flat(steps.observations[shown + 1])).all(1)]
    if known.size or idle.any():
        following = steps.next_observations
        following = unknown_like(steps.observations) if following is None else following.copy()
        following[known] = steps.observations[known + 1]
        changes["next_observations"] = following
    if idle.any():
        changes["last"] = steps.last | idle
        changes["last"][:-1] |= idle[1:]
        changes["ordered_by"] = steps.ordered_by or "rows without an action"
        ended = np.flatnonzero(idle[1:] & ~idle[:-1] & ~steps.last[:-1])
        for name in "terminated", "truncated", "ended":
            if (flag := getattr(steps, name)) is not None:
                changes[name] = flag.copy()
                changes[name][ended] |= flag[ended + 1]
    steps = steps.replace(**changes)
    return _without_infinite(table, fields, steps, rows).take(np.flatnonzero(~idle))


def _missing(steps: RecordedSteps, no_action: np.ndarray, no_observation: np.ndarray) -> np.ndarray:
    """[steps] bool, whether a row should hold a step, and does not."""
    both = np.concatenate([flat(steps.observations), flat(steps.actions)], axis=1)
    idle = no_action | no_observation
    missing = ~np.isfinite(both).all(1) & ~idle
    flags = steps.terminated, steps.truncated, steps.ended
    if not steps.ordered_by and all(flag is None for flag in flags):
        return missing  # Only rows without numbers tell where episodes end.
    missing |= no_observation & ~no_action
    if steps.next_observations is not None:
        after, before = flat(steps.next_observations), flat(steps.observations)
        led = np.isfinite(after).all(1) & (after != before).any(1)
        missing |= no_action & ~no_observation & led
    both_told = steps.terminated is not None and steps.truncated is not None
    if steps.ordered_by or steps.ended is not None or both_told:
        missing |= idle & ~_at_ends(steps, idle)
    return missing


def _at_ends(steps: RecordedSteps, idle: np.ndarray) -> np.ndarray:
    """[steps] bool, of rows that hold no step: whether they are where an episode ends."""
    result = np.zeros(len(steps), bool)
    ends = steps.flagged | steps.last
    for run in np.ma.clump_masked(np.ma.array(idle, mask=idle)):
        after_end = run.start > 0 and steps.flagged[run.start - 1]
        result[run] = after_end or ends[run].any() or run.stop == len(steps)
    return result


def _without_infinite(
    table: Table, fields: Fields, steps: RecordedSteps, rows: np.ndarray
) -> RecordedSteps:
    """Takes observations for unknown, of which some numbers are not finite."""
    changes = {}
    damaged = ~np.isfinite(flat(steps.observations)).all(1) & steps.missing
    if damaged.any():
        changes["observations"] = steps.observations.copy()
        changes["observations"][damaged] = np.nan
    following = steps.next_observations
    if following is not None:
        infinite = ~np.isfinite(flat(following)).all(1) & ~unknown(following)
        if infinite.any():
            fields.no_outcome.extend(_places(table, rows[infinite]))
            changes["next_observations"] = following.copy()
            changes["next_observations"][infinite] = np.nan
    return steps.replace(**changes)


def _places(table: Table, rows: np.ndarray) -> list[str]:
    return [f"{table.place(int(row))} of {table.path.name}" for row in rows]
