"""Tables of recorded steps: arrays or columns by name, whatever file they are from."""

from collections.abc import Callable, Sequence
import pathlib
import re
from typing import NamedTuple

import numpy as np

from mgail_tf.data import field_names
from mgail_tf.data.field_names import VECTORS, Spelling
from mgail_tf.data.recorded_steps import flat
from mgail_tf.errors import UserError

FLAGS = "terminated", "not_terminated", "truncated", "ended", "starts"
# Others of these may be there as well, as a time in seconds beside the number of the step.
FREE = "step", "returns"
DECIMALS = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?$")
WORDS = {"true": 1.0, "false": 0.0}


class Table(NamedTuple):
    """Arrays by name.

    Attributes:
      path: the file, for messages.
      names: of all arrays.
      load: reads an array by its name.
      first_line: number of the line that holds the first row; None if rows are in no lines.
    """

    path: pathlib.Path
    names: Sequence[str]
    load: Callable[[str], np.ndarray]
    first_line: int | None = None

    def place(self, row: int) -> str:
        """Where a row is, for messages."""
        return f"row {row}" if self.first_line is None else f"line {row + self.first_line}"


class Fields(NamedTuple):
    """The fields of a table.

    Attributes:
      values: arrays by the names of `field_names.SPELLINGS`; texts are left in `episode` only.
      labels: what the file calls each of them.
      parts: names and sizes of the parts of which observations were made; empty if they are whole.
      unknown: names that were not understood.
      notes: what was decided about the rows, a line each.
      missing: where rows are that should hold a step, and do not.
      no_outcome: where next observations are that are not finite.
    """

    values: dict[str, np.ndarray]
    labels: dict[str, str]
    parts: list[tuple[str, int]]
    unknown: list[str]
    notes: list[str]
    missing: list[str]
    no_outcome: list[str]


def read_fields(table: Table, keys: Sequence[str] = (), usual: Sequence[str] = ()) -> Fields:
    """Reads the fields that a table has; each is told by the names that people use.

    Args:
      table: the table.
      keys, usual: see `field_names.find`.

    Raises:
      UserError: observations or actions are missing, a field is there twice, or what it holds is
        not of its kind.
    """
    found = field_names.find(table.names, keys, usual)
    missing = {"observations", "actions"} - set(found.fields)
    for field in sorted(missing):
        like = found.gaps.get(field)
        raise UserError(
            f"{table.path} has only {', '.join(like)} of its {field}: they must be numbered from 0 "
            "or from 1 on without gaps"
            if like
            else f"{table.path} has no {field}; they may be called "
            f"{', '.join(field_names.SPELLINGS[field][:9])}, or {field[:-1]}_0, {field[:-1]}_1, "
            f"...; it has {_listed(table.names)}"
        )
    incomplete = [name for names in found.gaps.values() for name in names]
    fields = Fields({}, {}, [], [*found.unknown, *incomplete], [], [], [])
    for key in keys:
        if key not in found.parts:
            raise UserError(
                f"{table.path}: its observations have no part {key!r}; they have "
                f"{_listed(sorted(found.parts))}"
            )
    for field, spellings in found.fields.items():
        first, *others = spellings
        if field not in VECTORS and not table.load(first.label).shape:
            fields.unknown.append(first.label)  # A number of the whole file.
            continue
        fields.labels[field] = first.label
        parts = [_convert(table, field, name) for name in first.names]
        if field in ("observations", "actions") and not parts[0].size:
            raise UserError(f"{table.path} holds no action")
        fields.values[field] = _joined(table, first, parts)
        if field == "observations" and first.has_names:
            sizes = [part[:1].size for part in parts]
            fields.parts.extend(zip(first.names, sizes, strict=True))
        for other in others:
            # Beside the observations of robomimic and others are the simulator's whole states.
            if field in FREE or first.has_names and other.label.lower() in ("states", "state"):
                fields.unknown.extend(other.names)
                continue
            again = _joined(table, other, [_convert(table, field, name) for name in other.names])
            if not _equal(fields.values[field], again):
                raise UserError(
                    f"{table.path} has {first.label} and {other.label}, which differ and are both "
                    f"names of the {field}; remove one of them, or call it something else"
                )
    return fields


def _joined(table: Table, spelling: Spelling, parts: list[np.ndarray]) -> np.ndarray:
    if not spelling.has_parts:
        return parts[0]
    if len({len(part) for part in parts}) > 1:
        raise UserError(f"{table.path}: the parts of {spelling.label} have different lengths")
    return np.concatenate([flat(part) for part in parts], axis=1)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    if one.size != other.size:
        return False
    one, other = one.reshape(-1), other.reshape(-1)
    return bool(np.array_equal(one, other, equal_nan="U" not in one.dtype.kind + other.dtype.kind))


def _convert(table: Table, field: str, name: str) -> np.ndarray:
    """The values of an array, as numbers, unless they may be texts."""
    values = np.atleast_1d(table.load(name))
    if values.dtype.kind in "SO" and all(isinstance(v, bytes) for v in values.reshape(-1)):
        try:
            values = np.char.decode(values.astype(bytes), "utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{table.path}: {name} are no texts of UTF-8 ({error})") from error
    if values.dtype.kind == "O" and all(isinstance(v, str) for v in values.reshape(-1)):
        values = values.astype(str)
    if values.dtype.kind not in "biufU":
        raise UserError(f"{table.path}: {name} are {values.dtype}; they must be numbers")
    if values.dtype.kind == "U" and field != "episode":
        values = _parsed(table, field, name, values)
    if field in VECTORS or values.ndim < 2:
        return values
    # One number a row; but a row may be an episode.
    return values.reshape(values.shape[:-1]) if values.shape[-1] == 1 else values


def _parsed(table: Table, field: str, name: str, texts: np.ndarray) -> np.ndarray:
    """The numbers that texts say, NaN where there is none."""
    texts = np.char.strip(texts)
    if field in FLAGS:
        lower = np.char.lower(texts)
        for word, value in WORDS.items():
            texts = np.where(lower == word, str(value), texts)
    texts = np.where(texts == "", "nan", texts)
    try:
        return texts.astype(np.float64)
    except ValueError:
        for row, text in enumerate(texts):
            try:
                np.asarray(text).astype(np.float64)
            except ValueError as error:
                wrong = str(np.ravel(text)[0])
                hint = "; decimals must have a point, no comma" if DECIMALS.match(wrong) else ""
                raise UserError(
                    f"{table.path}: {wrong!r} in {name}, {table.place(row)}, is "
                    f"not {'true or false' if field in FLAGS else 'a number'}{hint}"
                ) from error
        raise


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name or "(no name)" for name in names[:20])
    return (shown + ", ..." if len(names) > 20 else shown) or "nothing"
