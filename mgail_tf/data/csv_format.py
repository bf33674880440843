"""Reads recorded steps from CSV files; messages tell the line that is wrong."""

import pathlib
import re

import numpy as np
import pandas

from mgail_tf.data.recorded_steps import RecordedSteps
from mgail_tf.errors import UserError


def read(path: pathlib.Path) -> RecordedSteps:
    """Reads the steps of a file; `formats.read` says what its columns are called.

    Raises:
      UserError: columns are missing or hold something else than they should.
    """
    table = _read_table(path)
    observations = _numbers(path, table, _components(path, table, "observation"))
    names = ["action"] if "action" in table else _components(path, table, "action")
    actions = _numbers(path, table, names)
    # A row without an action only shows where the action before it led.
    acts = ~np.isnan(actions).all(1)
    rewards = np.full(len(table), np.nan)
    if "reward" in table:
        rewards = np.where(acts, _numbers(path, table, ["reward"])[:, 0], 0.0)
    terminated, truncated = (_flags(path, table, name) for name in ("terminated", "truncated"))
    ends = (terminated | truncated) & np.append(acts, True)[1:] | ~acts
    if "episode" in table:
        last = _is_last(path, _texts(table, "episode"))
        incomplete = np.flatnonzero(~acts & ~last)
        if incomplete.size:
            raise UserError(
                f"{path}: an action is missing in line {incomplete[0] + 2}, within an episode"
            )
        ends |= last
    return RecordedSteps(observations, actions, rewards, terminated, ends)


def _read_table(path: pathlib.Path) -> pandas.DataFrame:
    """Reads the texts of a file into columns named by its first line; NaN where there is none."""
    lines = pandas.read_csv(
        path,
        header=None,
        dtype=str,
        encoding="utf-8-sig",
        skipinitialspace=True,
        skip_blank_lines=False,
    )
    names = [str(name).strip() for name in lines.iloc[0].fillna("")]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{path}: there are two columns {name!r}")
    filled = np.flatnonzero(lines.notna().any(axis=1))
    if filled[-1] != len(filled) - 1:
        line = np.flatnonzero(np.diff(filled) > 1)[0] + 2
        raise UserError(f"{path}: line {line} is empty; remove it, or tell episodes apart")
    return lines.iloc[1 : len(filled)].set_axis(names, axis=1).reset_index(drop=True)


def _components(path: pathlib.Path, table: pandas.DataFrame, name: str) -> list[str]:
    """Returns the names of a vector's columns, in the order of its components."""
    columns = {column for column in table.columns if re.fullmatch(rf"{name}_\d+", column)}
    ordered = [f"{name}_{index}" for index in range(len(columns))]
    if not columns or columns != set(ordered):
        raise UserError(
            f"{path}: needs columns {name}_0, {name}_1, ... without gaps, separated by commas; "
            f"it has {', '.join(table.columns)}"
        )
    return ordered


def _numbers(path: pathlib.Path, table: pandas.DataFrame, names: list[str]) -> np.ndarray:
    """[rows, columns] numbers, NaN where there is none."""
    try:
        return table[names].to_numpy(np.float64)
    except ValueError as error:
        raise UserError(f"{path}: not a number in column {names[0]} or beside ({error})") from error


def _flags(path: pathlib.Path, table: pandas.DataFrame, name: str) -> np.ndarray:
    """[rows] bool; false where the table does not say."""
    if name not in table:
        return np.zeros(len(table), bool)
    values = {"true": True, "1": True, "1.0": True}
    values |= {"false": False, "0": False, "0.0": False, "": False}
    texts = [text.lower() for text in _texts(table, name)]
    for text in texts:
        if text not in values:
            raise UserError(f"{path}: {text!r} in {name} is not true or false")
    return np.array([values[text] for text in texts])


def _texts(table: pandas.DataFrame, name: str) -> list[str]:
    """[rows] texts, empty where there is none."""
    return [str(text).strip() for text in table[name].fillna("")]


def _is_last(path: pathlib.Path, texts: list[str]) -> np.ndarray:
    """[rows] bool, whether the next row is of another episode, by the texts that name episodes."""
    if "" in texts:
        line = texts.index("") + 2
        raise UserError(f"{path}: episode is missing in line {line}; write it in every line")
    names = [_name(text) for text in texts]
    return np.array([name != after for name, after in zip(names, [*names[1:], None], strict=True)])


def _name(text: str) -> int | str:
    """Returns an episode's name, so that 0 and 0.0 are the same."""
    number = re.fullmatch(r"(\d+)(\.0*)?", text)
    return int(number[1]) if number else text
