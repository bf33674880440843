"""Gymnasium environments by task name."""

import warnings

import gymnasium
import mujoco

from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS

# MuJoCo prints its warnings at every environment that is made, and logs them to a file in the
# working directory. As Python warnings they come once; this one concerns gymnasium's own models.
mujoco.set_mju_user_warning(warnings.warn)
warnings.filterwarnings("ignore", message="compiler attribute 'settotalmass'")


def make_environment(name, **kwargs):
    """Makes one environment.

    Args:
      name: a task of the paper ("Hopper") or any gymnasium id ("Swimmer-v5").
      **kwargs: passed on to `gymnasium.make`, `render_mode` for example.

    Returns:
      An environment with one-dimensional Box observations and Box or Discrete actions.

    Raises:
      UserError: no such environment, or its spaces are not supported.
    """
    if name in TASKS:
        kwargs = TASKS[name].make_kwargs | kwargs
        name = TASKS[name].env_id
    try:
        env = gymnasium.make(name, disable_env_checker=True, **kwargs)
    except Exception as error:  # Whatever the environment raises, it cannot be made.
        tasks = ", ".join(TASKS)
        raise UserError(
            f"cannot make environment {name!r} ({type(error).__name__}: {error}); "
            f"use one of {tasks}, or an installed gymnasium id"
        ) from error
    _check_spaces(name, env)
    return env


def _check_spaces(name, env):
    observations, actions = env.observation_space, env.action_space
    if not isinstance(observations, gymnasium.spaces.Box) or len(observations.shape) != 1:
        raise UserError(
            f"{name}: observations must be a one-dimensional Box, not {observations}; "
            "gymnasium.wrappers.FlattenObservation makes one"
        )
    discrete = isinstance(actions, gymnasium.spaces.Discrete)
    if not discrete and not (isinstance(actions, gymnasium.spaces.Box) and len(actions.shape) == 1):
        raise UserError(
            f"{name}: actions must be Discrete or a one-dimensional Box, not {actions}; "
            "gymnasium.wrappers.TransformAction can adapt them"
        )
