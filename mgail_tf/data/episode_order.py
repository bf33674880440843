"""Which rows of a table follow each other, by flags, numbers of episodes, lengths and clocks."""

import re
from typing import Any

import numpy as np

from mgail_tf.data.tables import Fields, Table
from mgail_tf.errors import UserError


def flags(
    table: Table, fields: Fields, values: np.ndarray, field: str, whole: np.ndarray
) -> np.ndarray:
    """[rows] bool of numbers that are 0 or 1; false where there may be none, and is none.

    There may be none in a row that is not whole, and in lines of text, where it is left empty.

    Args:
      table, fields: where they are from.
      values, field: the numbers, and which flags they are.
      whole: [steps] bool, whether a row holds all of an action and observation.

    Raises:
      UserError: there are other numbers, or none where one must be.
    """
    missing = float(field == "not_terminated")
    flat = values.reshape(-1).astype(np.float64)
    none = np.isnan(flat)
    if table.first_line is None:
        none &= ~whole if len(whole) == len(flat) else False
    flat[none] = missing
    wrong = np.flatnonzero((flat != 0) & (flat != 1))
    if wrong.size:
        raise UserError(
            f"{table.path}: {fields.labels[field]} must be 0 or 1, true or false, not "
            f"{flat[wrong[0]]:g} ({table.place(int(wrong[0]))})"
        )
    return flat > 0


def starts(table: Table, fields: Fields, values: dict[str, Any], whole: np.ndarray) -> np.ndarray:
    """[steps] bool, whether a row is said to be the first of an episode.

    It is said by flags, by the numbers of such rows, by the numbers of the rows at which episodes
    end, or by the episodes' lengths. What ends episodes by numbers is taken out of `values`.

    Args:
      table, fields, values: where it is said.
      whole: see `flags`.
    """
    length = len(whole)
    result = np.zeros(length, bool)
    if (told := values.pop("starts", None)) is not None:
        if len(told) == length:
            result |= flags(table, fields, told, "starts", whole)
        else:
            result[_rows(table, fields, told, "starts", length - 1)] = True
    if "ended" in values and _counts_rows(values["ended"], length):
        told = _rows(table, fields, values.pop("ended"), "ended", length)
        # The last one is the number of all rows, or the last row itself.
        told = told + 1 if told.max(initial=0) == length - 1 else told
        result[told[told < length]] = True
    if "lengths" in values:
        told = _rows(table, fields, np.cumsum(values.pop("lengths")), "lengths", length)
        result[told[told < length]] = True
    return result


def _counts_rows(values: np.ndarray, length: int) -> bool:
    """Tells numbers of rows from flags, of which there are as many as steps or episodes."""
    return len(values) != length and values.max(initial=0) > 1


def _rows(table: Table, fields: Fields, values: np.ndarray, field: str, highest: int) -> np.ndarray:
    rows = values.reshape(-1).astype(np.int64)
    if (rows != values.reshape(-1)).any() or not ((rows >= 0) & (rows <= highest)).all():
        raise UserError(
            f"{table.path}: {fields.labels[field]} must be a flag for each step, or the numbers of "
            f"rows up to {highest}"
        )
    return rows


def in_order(
    table: Table, fields: Fields, values: dict[str, Any]
) -> tuple[dict[str, Any], np.ndarray, str]:
    """Puts the rows of each episode together, where they were recorded in turns.

    Returns:
      The values, with each row's number as `row` and each episode's as `episode`; [rows] bool,
      whether a row is the last of its episode; and what says so, empty if nothing does.
    """
    length = len(values["actions"])
    values = values | {"row": np.arange(length)}
    clock = _clock(fields, values.get("step"), length)
    last = np.zeros(length, bool)
    said = []
    if "episode" in values:
        values["episode"], order = _by_episode(table, fields, values["episode"], clock)
        if (order != np.arange(length)).any():
            if len(values["observations"]) != length:
                raise UserError(
                    f"{table.path}: {fields.labels['episode']} say that episodes were recorded in "
                    f"turns; then there must be a row of {fields.labels['observations']} for each "
                    "action"
                )
            whole_rows = {n for n, v in values.items() if len(v) == length}
            values = {n: v[order] if n in whole_rows else v for n, v in values.items()}
            clock = None if clock is None else clock[order]
            if clock is None and "next_observations" not in values:
                _check_joints(table, fields.labels["episode"], values)
            fields.notes.append(f"rows in turns: put together by {fields.labels['episode']}")
        last[:-1] |= values["episode"][1:] != values["episode"][:-1]
        said.append(fields.labels["episode"])
    if clock is not None and (clock[1:] <= clock[:-1]).any():
        last[:-1] |= clock[1:] <= clock[:-1]
        said.append(fields.labels["step"])
    if values["starts"][1:].any():
        last[:-1] |= values["starts"][1:]
        said += [fields.labels[n] for n in ("starts", "ended", "lengths") if n in fields.labels][:1]
    return values, last, ", ".join(said)


def _clock(fields: Fields, step: np.ndarray | None, length: int) -> np.ndarray | None:
    """A time that rises within episodes; None if there is none."""
    if step is None:
        return None
    rises = step[1:] > step[:-1] if len(step) == length else np.zeros(0, bool)
    # In turns of single rows a clock seldom rises, but it is no clock if it never does.
    if not rises.any():
        fields.unknown.append(fields.labels["step"])
        return None
    return step


def _by_episode(
    table: Table, fields: Fields, ids: np.ndarray, clock: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the episodes in the order in which they begin, and the order of the rows."""
    names = [_name(text) for text in ids.reshape(-1).tolist()]
    if "" in names:
        where = table.place(names.index(""))
        label = fields.labels["episode"]
        raise UserError(f"{table.path}: {label} is missing in {where}; write it in every row")
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    episode = np.array([numbers[name] for name in names], np.int64)
    if clock is not None:
        order = np.lexsort([clock, episode])
        same = (np.diff(episode[order]) == 0) & (np.diff(clock[order]) == 0)
        if not same.any():  # Otherwise another episode has the same number.
            return episode, order
    return episode, np.argsort(episode, kind="stable")


def _name(value: Any) -> Any:
    """An episode's name, so that 0, 0.0 and "0.0" are the same; empty if it is missing."""
    if isinstance(value, float):
        return "" if np.isnan(value) else int(value) if value.is_integer() else value
    if isinstance(value, str):
        value = value.strip()
        number = re.fullmatch(r"(\d{1,99})(\.0*)?", value)
        return int(number[1]) if number else value
    return value


def _check_joints(table: Table, label: str, values: dict[str, Any]) -> None:
    """Checks that episodes which were recorded in turns go on where they stopped.

    Raises:
      UserError: they go on elsewhere, so that another episode has the same number.
    """
    observations, rows = values["observations"], values["row"]
    changes = np.abs(np.diff(observations.reshape(len(rows), -1), axis=0))
    within = np.diff(values["episode"]) == 0
    for name in "terminated", "truncated", "ended":
        if name in values:
            within &= ~values[name][:-1]
    joint = np.diff(rows) != 1
    if (within & ~joint).any():
        wide = (changes > 2 * changes[within & ~joint].max(0)).any(1) & within & joint
        if wide.any():
            where = table.place(int(rows[1:][wide][0]))
            raise UserError(
                f"{table.path}: the {label} in {where} was there before, but the observations do "
                "not go on where they stopped; give every episode a number of its own"
            )
