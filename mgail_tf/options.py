"""What every group of options is made of: fields with a default, a meaning and bounds."""

import dataclasses
import numbers
import types
import typing
from typing import Any

from mgail_tf.errors import UserError


def option(
    default: Any,
    meaning: str,
    minimum: float = 0,
    maximum: float = 2**31 - 1,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A field of a dataclass of options, which becomes a flag of the training program.

    Args:
      default: its value if nothing else is asked for.
      meaning: the flag's help.
      minimum, maximum: bounds of a number, or of each number of a tuple.
      choices: the words that are allowed, if it is a word.
    """
    metadata = {"help": meaning, "minimum": minimum, "maximum": maximum, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Options:
    """A group of options; a dataclass that derives from it checks types and bounds of its fields.

    Raises:
      UserError: a value is of another type, a number is out of its range, or a word is not among
        its choices.
    """

    def __post_init__(self):
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name), hints[field.name])


def _check(field: dataclasses.Field, value: Any, hint: Any) -> None:
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise UserError(f"`{field.name}={value}`: use one of {', '.join(choices)}")
    minimum, maximum = field.metadata["minimum"], field.metadata["maximum"]
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, numbers.Real) and not minimum <= number <= maximum:
            raise UserError(f"`{field.name}={number}`: must be from {minimum} to {maximum}")
    if value is not field.default and not _is_of(value, hint):
        name = getattr(hint, "__name__", hint)
        raise UserError(f"`{field.name}={value}`: must be of type {name}")


def _is_of(value: Any, hint: Any) -> bool:
    """Whether a value is of a field's type; whole numbers pass for others, truth values do not."""
    if isinstance(hint, types.UnionType):
        return any(_is_of(value, part) for part in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return isinstance(value, tuple) and all(_is_of(each, inner) for each in value)
    if hint in (int, float):
        number = numbers.Integral if hint is int else numbers.Real
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, hint)
