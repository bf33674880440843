"""What is written beside the SavedModel of a policy: what it sees, and where it comes from."""

from collections.abc import Mapping
import json
import pathlib
from typing import Any

import gymnasium
import numpy as np

from mgail_tf import strict_json, writable
from mgail_tf.envs import space_json
from mgail_tf.envs.flattening import component_names
from mgail_tf.errors import UserError

# The files of a SavedModel's folder that tell what its observations are, and where it comes from.
OBSERVATIONS, ORIGIN = "observation.json", "policy.json"
# What to do about damaged ones.
EXPORT = "export the policy anew"


def write_observations(folder: str | pathlib.Path, space: gymnasium.Space) -> None:
    """Writes beside a SavedModel what its observations are.

    `observation.json` has the space that they are of before they are flattened, and what each
    component is afterwards, in order.
    """
    description = {"space": space_json.to_json(space), "components": component_names(space)}
    pathlib.Path(folder, OBSERVATIONS).write_text(json.dumps(description, indent=1) + "\n")


def read_observations(folder: str | pathlib.Path) -> tuple[gymnasium.Space | None, list[str]]:
    """Reads what `write_observations` wrote: space and components; None and [] if nothing is there.

    Raises:
      UserError: the file is damaged.
    """
    file = pathlib.Path(folder, OBSERVATIONS)
    if not file.exists():
        return None, []
    form = {"space": dict, "components": [str]}
    description = strict_json.read(file, form, EXPORT)
    try:
        return space_json.from_json(description["space"]), description["components"]
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is damaged ({error}); {EXPORT}") from error


def find(source: str | pathlib.Path) -> pathlib.Path:
    """The folder of a SavedModel, which may be called by its run folder too.

    Raises:
      UserError: there is none, or TensorFlow cannot use its path.
    """
    for folder in pathlib.Path(source), pathlib.Path(source, "saved_model"):
        if (folder / "saved_model.pb").is_file():
            if not writable.can_tensorflow_use(folder):
                raise UserError(f"{str(folder)!a}: {writable.NOT_FOR_TENSORFLOW}; rename it")
            return folder
    raise UserError(f"{source} is not a SavedModel of a policy; train or export one")


def check_shapes(
    observations: tuple[int, ...] | None, actions: tuple[int, ...] | None, env: gymnasium.Env
) -> None:
    """Checks that a policy's observations and actions have the shapes of an environment's.

    Raises:
      UserError: they have other shapes.
    """
    for what, shape, space in (
        ("observations", observations, env.observation_space),
        ("actions", actions, env.action_space),
    ):
        if shape != space.shape:
            name = env.spec.id if env.spec else "the environment"
            raise UserError(
                f"the policy's {what} are of shape {shape}, {name}'s of {space.shape}; "
                "use it in the environment that it was trained for"
            )


def as_vectors(observation: Any, size: int, also: str = "") -> np.ndarray:
    """Returns what a policy is given as an array of numbers: [batch, size] or [size].

    Args:
      observation: of a policy, a batch or a single one.
      size: numbers that an observation has.
      also: what else the policy takes, for messages.

    Raises:
      UserError: it is something else.
    """
    takes = f"the policy takes observations of shape {(size,)}{also}, in a batch or alone; this one"
    try:
        array = np.asarray(observation)
    except ValueError as error:
        raise UserError(f"{takes} has parts of different shapes") from error
    if array.dtype.kind not in "biuf":
        raise UserError(f"{takes} is no numbers ({array.dtype})")
    if array.ndim not in (1, 2) or array.shape[-1] != size:
        raise UserError(f"{takes} is of {array.shape}")
    return array


def write_origin(folder: str | pathlib.Path, origin: Mapping[str, Any]) -> None:
    """Writes beside a SavedModel where the policy comes from."""
    pathlib.Path(folder, ORIGIN).write_text(strict_json.dumps(origin) + "\n")


def read_origin(folder: str | pathlib.Path) -> dict[str, Any]:
    """Returns what a policy's `policy.json` tells of where it comes from; {} without one.

    Raises:
      UserError: the file is damaged.
    """
    file = pathlib.Path(folder, ORIGIN)
    return strict_json.read(file, dict, EXPORT) if file.exists() else {}
