"""Writes episodes as a Minari dataset."""

from collections.abc import Sequence
import contextlib
import os
import pathlib
import tempfile
from typing import Any
from unittest import mock
import warnings

import gymnasium
import minari
from minari.data_collector import EpisodeBuffer
import numpy as np

from mgail_tf import writable
from mgail_tf.data import fitting, origin
from mgail_tf.data.fingerprint import Fingerprint, add_episode
from mgail_tf.data.origin import Origin
from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def write(
    episodes: Sequence[Episode],
    env_name: str,
    folder: str | pathlib.Path,
    *,
    algorithm_name: str = "not known",
    description: str = "",
    imported: bool = False,
) -> None:
    """Writes episodes as a Minari dataset, which appears at `folder` only when it is complete.

    Args:
      episodes: the episodes, in the order in which they are written; observations are vectors, or
        of the space that the environment has before they are flattened. Vectors are written.
      env_name: the environment that they are of, a task or a gymnasium id.
      folder: where the dataset goes.
      algorithm_name, description: metadata of the dataset.
      imported: whether only the user says that they are of this environment.

    Raises:
      UserError: an episode does not fit the environment, or `folder` exists or cannot be written.
    """
    folder = pathlib.Path(folder)
    with contextlib.closing(make_environment(env_name)) as env:
        pass  # What it is suffices.
    check_new(folder)
    buffers = [_buffer(index, episode, env) for index, episode in enumerate(episodes)]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Absolute, because Minari looks for relative paths in its own folder.
        parent = folder.parent.absolute()
        with tempfile.TemporaryDirectory(dir=parent, prefix="unfinished-") as root:
            _create(buffers, env, root, algorithm_name, description)
            _write_origin(buffers, env, root, imported)
            os.rename(pathlib.Path(root, "mgail", "written-v0"), folder)
    except OSError as error:
        # If the folder is there now, another run has drawn the same dataset in the meantime.
        if not folder.exists():
            raise UserError(f"cannot write demonstrations to {folder} ({error})") from error


def check_new(folder: str | pathlib.Path) -> None:
    """Checks that a dataset can go into a folder.

    Raises:
      UserError: the folder is there already, or cannot be made.
    """
    if pathlib.Path(folder).exists():
        raise UserError(f"{folder} exists already; choose another folder")
    if not writable.is_folder_possible(folder):
        raise UserError(f"cannot write demonstrations to {folder}; choose another folder")


def _buffer(index: int, episode: Episode, env: gymnasium.Env) -> EpisodeBuffer:
    """Checks an episode and turns it into Minari's form."""
    name = f"episode {index}"
    observations = fitting.observations_of(env, episode.observations, name)
    actions = fitting.values_of(env.action_space, episode.actions, f"{name}: its actions")
    length = len(actions)
    if (len(observations), len(episode.rewards)) != (length + 1, length):
        raise UserError(
            f"{name} has {length} actions, but {len(observations)} observations and "
            f"{len(episode.rewards)} rewards; there must be one observation more, and as many "
            "rewards (NaN where they are not known)"
        )
    # Minari's types say lists; it takes arrays as well.
    fields: dict[str, Any] = {
        "observations": observations,
        "actions": actions,
        "rewards": episode.rewards,
        "terminations": _only_last(episode.terminated, length),
        "truncations": _only_last(not episode.terminated, length),
    }
    return EpisodeBuffer(id=index, seed=episode.seed, **fields)


def _create(
    buffers: list[EpisodeBuffer],
    env: gymnasium.Env,
    root: str,
    algorithm_name: str,
    description: str,
) -> None:
    try:
        assert env.spec is not None  # gymnasium.make sets it.
        env.spec.to_json()
        made_by: dict[str, Any] = {"env": env, "eval_env": env}
    except (ValueError, TypeError):
        # An environment cannot be written down if it was registered with a class or with arrays.
        made_by = {"observation_space": env.observation_space, "action_space": env.action_space}
    with (
        mock.patch.dict(os.environ, MINARI_DATASETS_PATH=root),
        warnings.catch_warnings(action="ignore"),
    ):
        minari.create_dataset_from_buffers(
            "mgail/written-v0",
            buffers,
            **made_by,
            algorithm_name=algorithm_name,
            author="mgail_tf",
            description=description,
        )


def _write_origin(
    buffers: list[EpisodeBuffer], env: gymnasium.Env, root: str, imported: bool
) -> None:
    """Adds to the dataset what Minari does not keep."""
    fingerprint = Fingerprint()
    for buffer in buffers:
        add_episode(
            fingerprint, buffer.observations, buffer.actions, buffer.rewards, buffer.terminations
        )
    made_in = origin.of_environment(env)._replace(
        fingerprint=str(fingerprint), observation_space=None, action_space=None
    )
    # Minari keeps the spaces, and the environment's id where it can be written down.
    if imported:
        made_in = Origin(
            imported_for=made_in.env_id, version=made_in.version, fingerprint=made_in.fingerprint
        )
    storage = minari.MinariDataset(pathlib.Path(root, "mgail", "written-v0", "data")).storage
    storage.update_metadata({origin.METADATA: made_in.to_json()})


def _only_last(value: bool, length: int) -> np.ndarray:
    """[length] bool, false but for the last one, which is `value`."""
    return np.arange(length) == (length - 1 if value else -1)
