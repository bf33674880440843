"""Turns observations of any space into vectors, as gymnasium's `FlattenObservation` does."""

from typing import Any

import gymnasium
from gymnasium import spaces
from gymnasium.vector import utils as vector_utils
from gymnasium.wrappers import FlattenObservation
import numpy as np

from mgail_tf.errors import UserError

# The spaces that observations may be made of, in a Dict or Tuple or alone.
PARTS = spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary

# From so many pixels on, in each of two dimensions, numbers of any type are taken for an image.
IMAGE_SIDE = 32
# Networks of more inputs do not fit into a common memory.
MOST_COMPONENTS = 100_000


def flatten_environment(name: str, env: gymnasium.Env) -> gymnasium.Env:
    """Makes vectors of an environment's observations, if they are none.

    Args:
      name: for messages.
      env: the environment.

    Raises:
      UserError: there are images among its observations, or spaces that have no fixed number of
        numbers.
    """
    space = env.observation_space
    if isinstance(space, spaces.Box) and 0 in space.shape:
        raise UserError(f"{name}: there are no numbers in an observation ({space})")
    is_vector = isinstance(space, spaces.Box) and len(space.shape) == 1
    if not is_vector and (problem := _problem(space, "")):
        raise UserError(
            f"{name}: observations {problem} (with an observation wrapper of gymnasium's)"
        )
    if (size := spaces.flatdim(space)) > MOST_COMPONENTS:
        raise UserError(
            f"{name}: observations are {size:,} numbers, of which each alternative of a choice is "
            f"one; make at most {MOST_COMPONENTS:,} of them with an observation wrapper"
        )
    return env if is_vector else FlattenObservation(env)


def original_space(env: gymnasium.Env) -> gymnasium.Space:
    """The space of the observations that an environment makes vectors of.

    That is the space inside `FlattenObservation`, where this is the only wrapper that changes
    observations; otherwise the environment's own.
    """
    wrapped = env
    while isinstance(wrapped, gymnasium.Wrapper):
        inner = wrapped.env.observation_space
        if isinstance(wrapped, FlattenObservation):
            return inner
        if isinstance(wrapped, gymnasium.ObservationWrapper) or wrapped.observation_space != inner:
            break
        wrapped = wrapped.env
    return env.observation_space


def flatten(space: gymnasium.Space, observations: Any, length: int) -> np.ndarray:
    """Flattens recorded observations: [length, observation_size].

    Args:
      space: the environment's space of one of them, not a dataset's, because Minari forgets the
        order of names.
      observations: an array [length, ...], or a dict or tuple of such.
      length: number of observations.
    """
    if isinstance(space, spaces.Box):
        return np.reshape(observations, [length, -1])
    each = vector_utils.iterate(vector_utils.batch_space(space, length), observations)
    return np.stack([np.asarray(spaces.flatten(space, observation)) for observation in each])


def component_names(space: gymnasium.Space, name: str = "") -> list[str]:
    """What each component of a flattened observation is, in order.

    Numbers are called `goal[0]`, or `arm.angles[0,1]` where there are names within names; one of
    the alternatives that a choice has is called `gear=2`, and is 1 where it is chosen, else 0.

    Args:
      space: of the observations before they are flattened.
      name: what the whole is called; "observation" if it has no name.
    """
    if isinstance(space, spaces.Dict):
        within = [(f"{name}.{key}" if name else str(key), part) for key, part in space.items()]
        return [each for name, part in within for each in component_names(part, name)]
    name = name or "observation"
    if isinstance(space, spaces.Tuple):
        within = [(f"{name}[{index}]", part) for index, part in enumerate(space)]
        return [each for name, part in within for each in component_names(part, name)]
    if isinstance(space, spaces.Discrete):
        return [f"{name}={space.start + index}" for index in range(int(space.n))]
    numbers = [
        name + (f"[{','.join(map(str, index))}]" if index else "")
        for index in np.ndindex(space.shape or ())
    ]
    if isinstance(space, spaces.MultiDiscrete):
        choices = zip(numbers, space.nvec.ravel(), space.start.ravel(), strict=True)
        return [f"{number}={start + i}" for number, n, start in choices for i in range(n)]
    return numbers


def _problem(space: gymnasium.Space, name: str) -> str | None:
    """Returns what keeps a space, or one within it, from being learned from."""
    where = f"{name} is" if name else "they are"
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.items() if isinstance(space, spaces.Dict) else enumerate(space)
        problems = [_problem(part, f"{name}[{key!r}]") for key, part in parts]
        return next(filter(None, problems), None if problems or name else "are empty; fill them")
    if not isinstance(space, PARTS):
        return (
            f"must be made of Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple, {where} "
            f"{type(space).__name__}; leave that out, or make numbers of it"
        )
    if isinstance(space, spaces.Box) and _is_image(space):
        return (
            f"must not be images, and {where} of shape {space.shape}; "
            "leave that out, or make a few numbers of it"
        )
    return None


def _is_image(space: spaces.Box) -> bool:
    sides = sorted(space.shape)[-2:]
    large = len(sides) == 2 and min(sides) >= IMAGE_SIDE
    return large or (space.dtype == np.uint8 and len(space.shape) >= 3)
