"""Reads policies that stable-baselines3 or sb3-contrib saved; needs them, and torch.

A file has the weights and, pickled, how its policy is made. Opening a pickle can run any program,
so only what makes the policy is unpickled.
"""

from collections.abc import Callable
import json
import pathlib
import pickle
import sys
from typing import Any
import warnings
import zipfile

import gymnasium
import numpy as np
from stable_baselines3.common.save_util import load_from_zip_file
import torch

from mgail_tf.errors import UserError, describe

# What makes a policy, of all that a file holds.
NEEDED = "policy_class", "policy_kwargs", "observation_space", "action_space", "use_sde"


def load(
    file: str,
    observation_space: gymnasium.Space,
    action_space: gymnasium.Space,
    deterministic: bool,
    seed: int,
    vec_normalize: str | None,
) -> tuple[Callable[[Any], Any], Callable[[], None]]:
    """Returns the policy as a function of one observation, and what begins an episode.

    Says on stderr that pickles are opened, before they are.

    Args:
      file: what the algorithm's `save` wrote.
      observation_space, action_space: what it must fit.
      deterministic: whether it takes the most likely actions.
      seed: of the drawn ones.
      vec_normalize: the file of a `VecNormalize`'s statistics, with which it was trained.

    Raises:
      UserError: a file cannot be read, or the policy is of other observations or actions.
    """
    settings = _settings(file)
    if vec_normalize and not pathlib.Path(vec_normalize).is_file():
        raise UserError(f"`vec_normalize={vec_normalize}`: there is no such file")
    files = " and ".join(filter(None, [file, vec_normalize]))
    print(
        f"opening {files}: pickles, which can run any program; use only those that you trust",
        file=sys.stderr,
    )
    torch.manual_seed(seed)
    policy = _policy(file, settings, observation_space, action_space)
    normalize = _normalization(vec_normalize)
    memory: dict[str, Any] = {}

    def begin() -> None:
        memory.clear()

    def act(observation: Any) -> Any:
        action, memory["state"] = policy.predict(
            normalize(observation),
            memory.get("state"),
            np.array(["state" not in memory]),
            deterministic,
        )
        return action

    return act, begin


def _settings(file: str) -> list[str]:
    """The names of all that a file holds; reads no pickle."""
    try:
        with zipfile.ZipFile(file) as archive:
            archive.getinfo("policy.pth")
            return list(json.loads(archive.read("data")))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(
            f"`policy={file}` is no policy that stable-baselines3 saved ({error})"
        ) from error


def _policy(
    file: str,
    settings: list[str],
    observation_space: gymnasium.Space,
    action_space: gymnasium.Space,
) -> Any:
    unneeded = {name: None for name in settings if name not in NEEDED}
    try:
        with warnings.catch_warnings(action="ignore"):
            data, weights, _ = load_from_zip_file(file, custom_objects=unneeded, device="cpu")
        assert data is not None
        observations = data.get("observation_space", observation_space)
        actions = data.get("action_space", action_space)
        options = dict(data.get("policy_kwargs") or {})
        if data.get("use_sde"):
            options["use_sde"] = True
        policy = data["policy_class"](observations, actions, lambda _: 0.0, **options)
        policy.load_state_dict(weights["policy"])
    except Exception as error:  # Whatever torch or the pickles raise, the file is at fault.
        raise UserError(f"`policy={file}` cannot be read ({describe(error)})") from error
    for what, own, asked in (
        ("observations", observations, observation_space),
        ("actions", actions, action_space),
    ):
        if _shape(own) != _shape(asked):
            raise UserError(f"`policy={file}`: its {what} are {own}, the environment's are {asked}")
    policy.set_training_mode(False)
    return policy


def _normalization(file: str | None) -> Callable[[Any], Any]:
    if file is None:
        return lambda observation: observation
    try:
        with open(file, "rb") as pickled:
            return pickle.load(pickled).normalize_obs
    except Exception as error:  # Whatever the pickle raises, the file is at fault.
        raise UserError(f"`vec_normalize={file}` cannot be read ({describe(error)})") from error


def _shape(space: gymnasium.Space) -> Any:
    """What must be equal in spaces that fit: of choices their number, of others the shape."""
    if isinstance(space, gymnasium.spaces.Dict):
        return {name: _shape(part) for name, part in space.items()}
    return type(space).__name__, space.shape, getattr(space, "n", None)
