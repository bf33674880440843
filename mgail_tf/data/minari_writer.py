"""Writes episodes as a Minari dataset."""

import os
import pathlib
import tempfile
from unittest import mock
import warnings

from gymnasium import spaces
import minari
from minari.data_collector import EpisodeBuffer
import numpy as np

from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def write(episodes, env_name, folder, *, seeds=None, algorithm_name="not known", description=""):
    """Writes episodes as a Minari dataset, which appears at `folder` only when it is whole.

    Args:
      episodes: a list of `episodes.Episode`.
      env_name: the environment that they are of, as in `environments.make`.
      folder: where the dataset goes.
      seeds: the episodes' seeds, if known.
      algorithm_name, description: metadata.

    Raises:
      UserError: an episode does not fit the environment, or `folder` exists or cannot be written.
    """
    folder = pathlib.Path(folder)
    env = make_environment(env_name)
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder")
    buffers = []
    for index, episode in enumerate(episodes):
        observations = _as_in(env.observation_space, episode.observations, "observations", index)
        actions = _as_in(env.action_space, episode.actions, "actions", index)
        length = len(actions)
        if (len(observations), len(episode.rewards)) != (length + 1, length):
            raise UserError(
                f"episode {index} has {length} actions, but {len(observations)} observations and "
                f"{len(episode.rewards)} rewards; there must be one observation more, and as many "
                "rewards (NaN where they are not known)"
            )
        buffers.append(
            EpisodeBuffer(
                id=index,
                seed=None if seeds is None else seeds[index],
                observations=observations,
                actions=actions,
                rewards=episode.rewards,
                terminations=_only_last(episode.terminated, length),
                truncations=_only_last(not episode.terminated, length),
            )
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Minari takes relative paths for relative to its own folder.
        parent = folder.parent.absolute()
        with tempfile.TemporaryDirectory(dir=parent, prefix="unfinished-") as root:
            _create(buffers, env, root, algorithm_name, description)
            os.rename(pathlib.Path(root, "mgail", "written-v0"), folder)
    except OSError as error:
        # Another run may have drawn the same dataset meanwhile.
        if not folder.exists():
            raise UserError(f"cannot write demonstrations to {folder} ({error})") from error


def _create(buffers, env, root, algorithm_name, description):
    try:
        env.spec.to_json()
        made_by = {"env": env, "eval_env": env}
    except (ValueError, TypeError):
        # Environments that were registered with a class, or with arrays, cannot be written down.
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


def _as_in(space, values, what, index):
    """Recorded values [length, ...] in the shape and type of a space."""
    discrete = isinstance(space, spaces.Discrete)
    values = np.asarray(values)
    if discrete and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    elif values.ndim == 1 and space.shape == (1,):
        values = values[:, None]
    if values.shape[1:] != space.shape:
        raise UserError(
            f"episode {index}: its {what} are of shape {values.shape[1:]}, the environment's "
            f"{space} are of {space.shape}"
        )
    if not np.isfinite(values.astype(np.float64)).all():
        raise UserError(f"episode {index}: its {what} have NaN or infinite values")
    cast = values.astype(space.dtype)
    whole = np.issubdtype(space.dtype, np.integer)
    if whole and (cast != values).any() or discrete and not all(map(space.contains, cast)):
        raise UserError(f"episode {index}: its {what} are not of the environment's {space}")
    return cast


def _only_last(value, length):
    return np.arange(length) == (length - 1 if value else -1)
