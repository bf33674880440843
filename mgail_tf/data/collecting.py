"""Records what a demonstrator does, and takes nothing from it that is no action."""

from collections.abc import Callable
import itertools
import traceback
from typing import Any

import gymnasium
from gymnasium import spaces
import numpy as np
from tqdm import tqdm

from mgail_tf.data.demonstrators import Demonstrator, own_space
from mgail_tf.envs.episodes import Episode, play
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError, describe


def record(
    demonstrator: Demonstrator, env_name: str, num_episodes: int, seed: int
) -> list[Episode]:
    """Plays episodes one after the other.

    Args:
      demonstrator: acts.
      env_name: a task or a gymnasium id.
      num_episodes: number of episodes.
      seed: episode i is reset with seed + i.

    Raises:
      UserError: the demonstrator failed, or what it returned is no action; or the environment did.
    """
    env = make_environment(env_name)
    env.close()
    space = own_space(env)
    episodes = []
    for index in tqdm(range(num_episodes), desc=env_name, unit="episode", disable=None):
        demonstrator.begin()
        steps = itertools.count()

        def act(latest: np.ndarray, index: int = index, steps: Any = steps) -> list[Any]:
            step = next(steps)
            try:
                observation = latest[0]
                if space is not env.observation_space:
                    observation = spaces.unflatten(space, observation)
                return [_ask(demonstrator.act, observation, env.action_space)]
            except UserError as error:
                raise UserError(f"in episode {index}, step {step}, `policy` {error}") from error

        episodes += play(act, env_name, 1, seed + index)
    return episodes


def _ask(act: Callable[[Any], Any], observation: Any, space: gymnasium.Space) -> Any:
    """Returns the policy's action in the shape and type of a space."""
    try:
        action = act(observation)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Whatever the policy raises, with its place.
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise UserError(
            f"failed ({describe(error)}; {place.filename}, line {place.lineno})"
        ) from error
    return as_action(action, space)


def as_action(action: Any, space: gymnasium.Space) -> Any:
    """What a policy returned, in the shape and type of a space.

    Raises:
      UserError: it is no action of the space.
    """
    assert space.shape is not None and space.dtype is not None
    if action is None:
        raise UserError("returned None instead of an action")
    try:
        values = np.asarray(action)
    except ValueError:
        values = np.asarray(None)
    if values.dtype.kind not in "biuf":
        raise UserError(f"returned {action!r}, which is no number or array of numbers")
    if values.shape != space.shape and not values.size == 1 == np.prod(space.shape, dtype=int):
        raise UserError(
            f"returned an action of shape {values.shape}; those of {space} are of {space.shape}"
        )
    values = values.reshape(space.shape)
    if not np.isfinite(values).all():
        raise UserError(f"returned {action!r}, which is not finite")
    cast = values.astype(space.dtype)
    if np.issubdtype(space.dtype, np.integer) and (cast != values).any():
        raise UserError(f"returned {action!r}; actions of {space} are whole numbers")
    if isinstance(space, spaces.Box):
        clipped = np.clip(cast, space.low, space.high)
        # What only rounding has moved outside is let in.
        if not np.isclose(cast, clipped).all():
            raise UserError(f"returned {action!r}, which is out of the bounds of {space}; clip it")
        return clipped
    if not space.contains(cast[()]):
        raise UserError(f"returned {action!r}, which is none of {space}")
    return cast[()]
