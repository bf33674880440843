"""JSON as its standard has it: no NaN and no infinity, which other languages refuse to read."""

import json
import math
import pathlib
from typing import Any

import numpy as np

from mgail_tf.errors import UserError

# What a value must be: a type, or several; for an object, those of its entries that must be there;
# for a list of any length, what each of its elements must be, in a list; for one of so many
# elements, what these must be, in a tuple.
Form = Any

# No integer that is written here has more digits: those of 64 bits have at most 20. What has many
# more cannot be made a float, or printed.
DIGITS = 20


def dumps(value: Any, indent: int | None = None) -> str:
    """Returns a value as JSON; numbers that are not finite are null, like all that is not known.

    Args:
      value: dicts, lists, tuples, strings, numbers (NumPy's too), truth values, None.
      indent: as of `json.dumps`.
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, np.ndarray | np.generic):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def loads(text: str, form: Form = object) -> Any:
    """Returns the value of a JSON text.

    Args:
      text: the JSON.
      form: what the value must be.

    Raises:
      ValueError: it is no JSON, has numbers that are not finite, or is of another form.
    """
    try:
        value = json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_integer)
        if "\\ud" in text.lower():  # Half of a character, which no terminal shows.
            json.dumps(value, ensure_ascii=False).encode()
        check(value, form)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON, or too large")
    return number


def _integer(text: str) -> int:
    if len(text.removeprefix("-")) > DIGITS:
        raise ValueError(f"{text[:DIGITS]}... is too large")
    return int(text)


def check(value: Any, form: Form, name: str = "it") -> None:
    """Checks that a value is of a form.

    Raises:
      ValueError: it is of another.
    """
    if isinstance(form, dict):
        check(value, dict, name)
        for key, each in form.items():
            if key not in value:
                raise ValueError(f"{name} has no {key!r}")
            check(value[key], each, repr(key))
    elif isinstance(form, list | tuple):
        check(value, list, name)
        if isinstance(form, tuple) and len(value) != len(form):
            raise ValueError(f"{name} has {len(value)} parts, and should have {len(form)}")
        forms = form * len(value) if isinstance(form, list) else form
        for element, each in zip(value, forms, strict=True):
            check(element, each, f"a part of {name}")
    elif not isinstance(value, form):
        raise ValueError(f"{name} is a {type(value).__name__}, and should not be")


def read(file: pathlib.Path, form: Form = object, advice: str = "") -> Any:
    """Reads the value of a JSON file.

    Args:
      file: the file.
      form: what the value must be.
      advice: what to do about a damaged one, for messages.

    Raises:
      UserError: the file cannot be read, or is damaged.
    """
    with_advice = f"; {advice}" if advice else ""
    try:
        return loads(_text(file, with_advice), form)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}){with_advice}") from error
    except ValueError as error:
        raise UserError(f"{file} is damaged ({error}){with_advice}") from error


def read_lines(
    file: pathlib.Path, form: Form = object, advice: str = "", *, may_be_cut: bool = False
) -> list[Any]:
    """Reads the values of a file that has one in each line; of a file that is not there, none.

    Args:
      file, form, advice: as of `read`.
      may_be_cut: whether a last line that was not finished is left out, instead of refused.

    Raises:
      UserError: the file cannot be read, or is damaged.
    """
    with_advice = f"; {advice}" if advice else ""
    try:
        text = _text(file, with_advice) if file.exists() else ""
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read ({error}){with_advice}") from error
    lines = text.removesuffix("\n").split("\n") if text else []
    values = []
    for number, line in enumerate(lines):
        try:
            values.append(loads(line, form))
        except ValueError as error:
            if may_be_cut and number == len(lines) - 1 and not text.endswith("\n"):
                break
            told = f"line {number + 1}: {error}"
            raise UserError(f"{file} is damaged ({told}){with_advice}") from error
    return values


def _text(file: pathlib.Path, advice: str) -> str:
    if file.is_fifo():
        raise UserError(f"{file} is no file{advice}")  # It would never end.
    return file.read_text("utf-8")
