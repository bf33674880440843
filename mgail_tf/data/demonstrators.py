"""Policies that people have: SavedModels, functions, what stable-baselines3 saved."""

from collections.abc import Callable
import importlib
import importlib.util
import pathlib
import random
from typing import Any, NamedTuple

import gymnasium
from gymnasium import spaces
from gymnasium.wrappers import FlattenObservation
import numpy as np

from mgail_tf import extras
from mgail_tf.errors import UserError, describe
from mgail_tf.float_types import float_type
from mgail_tf.quiet import quiet


class Demonstrator(NamedTuple):
    """A policy that acts in one episode at a time.

    Attributes:
      act: the environment's own observation -> an action; whatever it returns is checked later.
      begin: is called when an episode begins.
    """

    act: Callable[[Any], Any]
    begin: Callable[[], Any] = lambda: None


def load(
    policy: str,
    env: gymnasium.Env,
    *,
    deterministic: bool = False,
    noise_scale: float = 1.0,
    seed: int = 0,
    vec_normalize: str | None = None,
) -> Demonstrator:
    """Loads a policy by its name, whose form tells what it is.

    - a folder: a SavedModel that this package has exported.
    - `NAME.zip`: a policy that stable-baselines3 or sb3-contrib has saved, a pickle.
    - `module:name` or `FILE.py:name`: a function of an observation, or a class without arguments
      whose objects are called like one, or have a method `act` or `predict`. If they have a method
      `reset`, that is called when an episode begins.

    Args:
      policy: as above.
      env: the environment that it must fit.
      deterministic: take the most likely actions; a function decides for itself.
      noise_scale: factor on the noise of continuous actions; other than 1 for a folder only.
      seed: of what is drawn otherwise, also by NumPy's and Python's global generators.
      vec_normalize: the statistics of a `VecNormalize`, a pickle too; for `.zip` only.

    Raises:
      UserError: there is no such policy, or it does not fit the environment.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if vec_normalize and not policy.endswith(".zip"):
        raise UserError("`vec_normalize` goes with a `policy` of stable-baselines3, a .zip file")
    if pathlib.Path(policy).is_dir():
        return _saved_model(policy, env, 0.0 if deterministic else noise_scale, seed)
    if noise_scale != 1.0:
        raise UserError("`noise_scale` goes with a `policy` that is a SavedModel's folder")
    if policy.endswith(".zip"):
        with extras.needed("reading a policy of stable-baselines3", "experts"), quiet():
            from mgail_tf.data import stable_baselines

        return Demonstrator(
            *stable_baselines.load(
                policy, own_space(env), env.action_space, deterministic, seed, vec_normalize
            )
        )
    return _function(policy)


def own_space(env: gymnasium.Env) -> gymnasium.Space:
    """The space of an environment's observations before `make_environment` flattened them."""
    return (
        env.env.observation_space if isinstance(env, FlattenObservation) else env.observation_space
    )


def _saved_model(folder: str, env: gymnasium.Env, noise_scale: float, seed: int) -> Demonstrator:
    from mgail_tf import loaded_policy  # It imports TensorFlow, which takes seconds.

    policy = loaded_policy.load(folder)
    loaded_policy.check_fits(policy, env)
    choose = loaded_policy.with_noise(policy, noise_scale, env.action_space, seed)
    space = own_space(env)
    dtype = float_type(env.observation_space.dtype)

    def act(observation: Any) -> Any:
        batch = np.asarray(spaces.flatten(space, observation)).astype(dtype)[None]
        return np.asarray(choose(batch))[0]

    return Demonstrator(act)


def _function(name: str) -> Demonstrator:
    place, _, attribute = name.rpartition(":")
    if not place or not attribute:
        raise UserError(
            f"`policy={name}`: there is no such SavedModel's folder; else use the .zip file of "
            "stable-baselines3, or module:function"
        )
    try:
        found = getattr(_module(place), attribute)
        found = found() if isinstance(found, type) else found
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Whatever the module raises, it cannot be used.
        raise UserError(f"`policy={name}` cannot be imported ({describe(error)})") from error
    methods = (getattr(found, method, None) for method in ("act", "predict"))
    act = found if callable(found) else next(filter(callable, methods), None)
    if act is None:
        raise UserError(f"`policy={name}` is {found!r}, which takes no observation")
    begin = getattr(found, "reset", None)
    begin = begin if callable(begin) else lambda: None
    if act == getattr(found, "predict", None):
        return Demonstrator(lambda observation: _first(act(observation)), begin)
    return Demonstrator(act, begin)


def _first(predicted: Any) -> Any:
    """The action of what a method `predict` returned; stable-baselines3's adds its memory."""
    return predicted[0] if isinstance(predicted, tuple) else predicted


def _module(place: str) -> Any:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    spec = importlib.util.spec_from_file_location(pathlib.Path(place).stem, place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
