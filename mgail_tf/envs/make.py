"""Makes gymnasium environments by task name."""

from collections.abc import Callable
import functools
import sys
from typing import Any
import warnings

import gymnasium
from gymnasium import spaces
from gymnasium.envs.registration import load_env_creator

from mgail_tf.envs.flattening import flatten_environment
from mgail_tf.envs.guarded import Guarded
from mgail_tf.errors import UserError, describe
from mgail_tf.tasks import TASKS

# The spaces of actions for which there are policies.
ACTIONS = spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary


def make_environment(name: str, **kwargs: Any) -> gymnasium.Env:
    """Makes an environment whose observations are vectors.

    Observations of other spaces are flattened (see `flattening`). Actions are of a Box, or of one
    or several choices.

    Args:
      name: a task of the paper ("Hopper") or any gymnasium id ("Swimmer-v5").
      **kwargs: passed on to `gymnasium.make`, `render_mode` for example.

    Raises:
      UserError: there is no such environment, it cannot be made, or its spaces are not supported.
    """
    if name in TASKS:
        kwargs = TASKS[name].make_kwargs | kwargs
        name = TASKS[name].env_id
    try:
        if _may_use_mujoco(name):
            _redirect_mujoco_warnings()
        env = Guarded(gymnasium.make(name, disable_env_checker=True, **kwargs), name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Whatever its module raises, it cannot be made.
        told = f"cannot make environment {name!r} ({describe(error)})"
        if isinstance(error, gymnasium.error.UnregisteredEnv):
            told += f"; use one of {', '.join(TASKS)}, or an installed gymnasium id"
        raise UserError(told) from error
    try:
        if not isinstance(env.action_space, ACTIONS):
            raise UserError(
                f"{name}: actions must be Box, Discrete, MultiDiscrete or MultiBinary, not "
                f"{env.action_space}; gymnasium.wrappers.TransformAction can adapt them"
            )
        if 0 in (env.action_space.shape or ()):
            raise UserError(f"{name}: there are no numbers in an action ({env.action_space})")
        return flatten_environment(name, env)
    except UserError:
        env.close()
        raise


def make_wrapped(
    name: str, wrapper: Callable[[gymnasium.Env], gymnasium.Env] | None
) -> gymnasium.Env:
    """Makes an environment, and puts a wrapper around it if there is one.

    It is here because worker processes import this module, and need no TensorFlow.
    """
    env = make_environment(name)
    return wrapper(env) if wrapper else env


def _may_use_mujoco(name: str) -> bool:
    """Tells whether an environment imports MuJoCo; true also if that cannot be known beforehand."""
    spec = gymnasium.registry.get(name)
    if spec is None:
        return True  # An id without its version, or one whose module registers it when imported.
    if isinstance(spec.entry_point, str):
        load_env_creator(spec.entry_point)
    return "mujoco" in sys.modules


@functools.cache
def _redirect_mujoco_warnings() -> None:
    """Turns MuJoCo's messages into Python warnings, once for all environments of the process.

    MuJoCo itself prints a message each time, and writes it to a file in the working directory.
    """
    try:
        import mujoco
    except ImportError:
        return

    def warn(message: str) -> None:
        # This one concerns the models that come with gymnasium, which its users cannot change.
        if "'settotalmass'" not in message:
            warnings.warn(message, stacklevel=2)

    untyped: Any = mujoco  # The compiled module does not tell its names to type checkers.
    untyped.set_mju_user_warning(warn)
