"""Recorded values in the form of an environment's spaces; what does not fit is refused."""

import math
from typing import Any

import gymnasium
from gymnasium import spaces
import numpy as np

from mgail_tf.envs.flattening import flatten, original_space
from mgail_tf.errors import UserError


def observations_of(env: gymnasium.Env, values: Any, episode: str) -> np.ndarray:
    """Returns recorded observations as the environment's vectors: [length, observation_size].

    Args:
      env: makes vectors of its observations.
      values: vectors, or of the space that the environment has before they are flattened: an array
        [length, ...], or a dict or tuple of such.
      episode: what messages call the episode.

    Raises:
      UserError: the values are not of the environment, or not finite.
    """
    space = original_space(env)
    not_flat = isinstance(values, dict | tuple)
    if not not_flat:
        values = rows(values, f"{episode}: its observations")
        size = math.prod(values.shape[1:])
        not_flat = space.shape is not None and math.prod(space.shape) == size
        # Of choices that have one alternative each, the vector is as long as they are many.
        if not_flat and isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
            ones = values.ndim == 2 and spaces.flatdim(space) == size and (values == 1).all()
            not_flat = not ones
    if not_flat:
        values = _flattened(space, values, f"{episode}: its observations")
    return values_of(env.observation_space, values, f"{episode}: its observations")


def flattened(space: gymnasium.Space, observation: Any, what: str) -> np.ndarray:
    """Returns one observation of any space as a vector: [size].

    Args:
      space: that it is of.
      observation: a number, an array, or a dict or tuple of such.
      what: what messages call it.

    Raises:
      UserError: it is not of the space.
    """
    return _flattened(space, _batch_of_one(observation, what), what)[0]


def _batch_of_one(observation: Any, what: str) -> Any:
    if isinstance(observation, dict):
        return {name: _batch_of_one(part, what) for name, part in observation.items()}
    if isinstance(observation, tuple):
        return tuple(_batch_of_one(part, what) for part in observation)
    return rows([observation], what)


def _flattened(space: gymnasium.Space, values: Any, what: str) -> np.ndarray:
    """[length, size] recorded values [length, ...], or a dict or tuple of such, of a space."""
    lengths: set[int] = set()
    values = _parts(space, values, what, lengths)
    if len(lengths) != 1:
        raise UserError(f"parts of {what} differ in length")
    return flatten(space, values, lengths.pop())


def _parts(space: gymnasium.Space, values: Any, what: str, lengths: set[int]) -> Any:
    """Returns values in the form of a space, whose parts may have parts; notes their lengths."""
    if isinstance(space, spaces.Dict):
        if not isinstance(values, dict) or values.keys() != space.keys():
            raise UserError(f"{what} {_names(values)} are not of {space}")
        return {
            name: _parts(part, values[name], f"{what} {name}", lengths)
            for name, part in space.items()
        }
    if isinstance(space, spaces.Tuple):
        if not isinstance(values, tuple) or len(values) != len(space):
            raise UserError(f"{what} are not of {space}")
        parts = zip(space, values, strict=True)
        return tuple(
            _parts(part, value, f"{what} {index}", lengths)
            for index, (part, value) in enumerate(parts)
        )
    array = values_of(space, values, what)
    lengths.add(len(array))
    return array


def _names(values: Any) -> str:
    return ", ".join(map(str, values)) if isinstance(values, dict) else "without names"


def rows(values: Any, what: str) -> np.ndarray:
    """Returns recorded values as an array of numbers with a row for each step.

    Args:
      values: what was recorded.
      what: what messages call it.

    Raises:
      UserError: they are no such numbers.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise UserError(f"{what} have rows of different lengths") from error
    if array.dtype.kind not in "biuf" or not array.ndim:
        raise UserError(f"{what} are {array.dtype}; they must be rows of numbers")
    return array


def values_of(space: gymnasium.Space, values: Any, what: str) -> np.ndarray:
    """Returns recorded values [length, ...] in the shape and type of a space.

    Args:
      space: of numbers or choices; not a `Dict`, nor a `Tuple`.
      values: what was recorded; the numbers of a step may be in one row, and a choice may be
        one-hot.
      what: what messages call the values.

    Raises:
      UserError: the values are not of the space, or not finite.
    """
    assert space.shape is not None and space.dtype is not None  # All of these have both.
    values = rows(values, what)
    if values.ndim <= 2 and math.prod(values.shape[1:]) == math.prod(space.shape):
        values = values.reshape(len(values), *space.shape)
    elif isinstance(space, spaces.Discrete) and _one_hot(values, int(space.n)):
        values = space.start + values.argmax(1)
    if values.shape[1:] != space.shape:
        raise UserError(
            f"{what} are of shape {values.shape[1:]}, the environment's {space} are of "
            f"{space.shape}"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # What becomes of such numbers is refused.
        cast = values.astype(space.dtype)
    finite = np.isfinite(values) & np.isfinite(cast)
    if not finite.all():
        row = finite.reshape(len(values), -1).all(1).argmin()
        raise UserError(f"{what} have NaN or infinite values (row {row})")
    whole = np.issubdtype(space.dtype, np.integer)
    choices = not isinstance(space, spaces.Box)
    if whole and (cast != values).any() or choices and not all(map(space.contains, cast)):
        raise UserError(f"{what} are not of the environment's {space}")
    return cast


def _one_hot(values: np.ndarray, size: int) -> bool:
    """Tells whether rows of so many numbers are 1 in one place and 0 elsewhere."""
    fits = values.shape[1:] == (size,) and np.isin(values, (0, 1)).all()
    return bool(fits and (values.sum(1) == 1).all())
