"""A policy that was loaded from a SavedModel, and what it knows of its observations."""

import json
import pathlib
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.envs import space_json
from mgail_tf.envs.flattening import component_names
from mgail_tf.errors import UserError

# The file of a SavedModel's folder that tells what its observations are.
FILE = "observation.json"


class LoadedPolicy:
    """A policy that was loaded from a SavedModel.

    It takes what the SavedModel's own functions take: observations [batch, observation_size], or a
    single one [observation_size], of numbers of any type. It also takes an observation as the
    environment gives it before it is flattened: a dict, for example. (An array [1, n] counts as a
    batch, even if the space's own observations look like that.)

    Args:
      saved: what `tf.saved_model.load` gave.
      space: of the observations before they are flattened, if it is known.
      components: what each component of a flattened observation is; empty if that is not known.

    Attributes:
      signatures: functions by name that take and return tensors by name, for TensorFlow Serving.
      saved, space, components: as given.
    """

    def __init__(self, saved: Any, space: gymnasium.Space | None, components: list[str]):
        self.saved, self.space, self.components = saved, space, components
        self.signatures: Any = saved.signatures
        [self._input] = self.signatures["serving_default"].structured_input_signature[1].values()

    def deterministic(self, observation: Any) -> tf.Tensor:
        """The most likely actions (mean or mode): [batch, ...], or [...] of one observation."""
        return self.saved.deterministic(self._vector(observation))

    def stochastic(self, observation: Any, seed: Any) -> tf.Tensor:
        """Actions that are drawn from the policy with a seed [2]; shapes as of `deterministic`."""
        return self.saved.stochastic(self._vector(observation), seed)

    def read_weights(self, folder: str | pathlib.Path) -> None:
        """Takes the weights that a folder of the same SavedModel holds now.

        To load the whole would take fifty times as long.
        """
        checkpoint = tf.train.Checkpoint(root=self.saved)
        checkpoint.read(f"{folder}/variables/variables").assert_existing_objects_matched()

    def _vector(self, observation: Any) -> tf.Tensor:
        if self._is_sample(observation):
            observation = gymnasium.spaces.flatten(self.space, observation)
        vector = np.asarray(observation)
        if vector.ndim not in (1, 2) or vector.shape[-1] != self._input.shape[1]:
            also = "" if self.space is None else f", or of {self.space}"
            raise UserError(
                f"the policy takes observations of shape {tuple(self._input.shape[1:])}{also}, "
                f"in a batch or alone; this one is of {vector.shape}"
            )
        return tf.constant(vector, self._input.dtype)

    def _is_sample(self, observation: Any) -> bool:
        """Whether an observation is one of the space's own, which is not flattened yet."""
        if isinstance(self.space, gymnasium.spaces.Dict | gymnasium.spaces.Tuple):
            return isinstance(observation, dict | tuple)
        if self.space is None or isinstance(observation, dict | tuple):
            return False
        shape = np.shape(observation)
        return shape == self.space.shape and shape[-1:] != (self._input.shape[1],)


def write_observations(folder: str | pathlib.Path, space: gymnasium.Space) -> None:
    """Writes beside a SavedModel what its observations are.

    `observation.json` has the space that they are of before they are flattened, and what each
    component is afterwards, in order.
    """
    description = {"space": space_json.to_json(space), "components": component_names(space)}
    pathlib.Path(folder, FILE).write_text(json.dumps(description, indent=1) + "\n")


def read_observations(folder: str | pathlib.Path) -> tuple[gymnasium.Space | None, list[str]]:
    """Reads what `write_observations` wrote: space and components; None and [] if nothing is there.

    Raises:
      UserError: the file is damaged.
    """
    file = pathlib.Path(folder, FILE)
    if not file.exists():
        return None, []
    try:
        description = json.loads(file.read_text())
        return space_json.from_json(description["space"]), description["components"]
    except Exception as error:  # Whatever is raised, the file is at fault.
        raise UserError(f"{file} is damaged; export the policy anew") from error
