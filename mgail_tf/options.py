"""What every group of options is made of: fields with a default, a meaning and bounds."""

import dataclasses
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
    """A group of options; a dataclass that derives from it checks the bounds of its fields.

    Raises:
      UserError: a number is out of its range, or a word is not among its choices.
    """

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))


def _check(field: dataclasses.Field, value: Any) -> None:
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise UserError(f"`{field.name}={value}`: use one of {', '.join(choices)}")
    minimum, maximum = field.metadata["minimum"], field.metadata["maximum"]
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int | float) and not minimum <= number <= maximum:
            raise UserError(f"`{field.name}={number}`: must be from {minimum} to {maximum}")
