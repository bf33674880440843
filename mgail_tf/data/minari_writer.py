"""Writes episodes as a Minari dataset."""

from collections.abc import Sequence
import contextlib
import math
import os
import pathlib
import tempfile
from typing import Any
from unittest import mock
import warnings

import gymnasium
from gymnasium import spaces
import minari
from minari.data_collector import EpisodeBuffer
import numpy as np

from mgail_tf.data import origin
from mgail_tf.data.fingerprint import Fingerprint, add_episode
from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.flattening import flatten, original_space
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def write(
    episodes: Sequence[Episode],
    env_name: str,
    folder: str | pathlib.Path,
    *,
    algorithm_name: str = "not known",
    description: str = "",
) -> None:
    """Writes episodes as a Minari dataset, which appears at `folder` only when it is complete.

    Args:
      episodes: the episodes, in the order in which they are written; observations are vectors, or
        of the space that the environment has before they are flattened. Vectors are written.
      env_name: the environment that they are of, a task or a gymnasium id.
      folder: where the dataset goes.
      algorithm_name, description: metadata of the dataset.

    Raises:
      UserError: an episode does not fit the environment, or `folder` exists or cannot be written.
    """
    folder = pathlib.Path(folder)
    with contextlib.closing(make_environment(env_name)) as env:
        pass  # What it is suffices.
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder")
    buffers = [_buffer(index, episode, env) for index, episode in enumerate(episodes)]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Absolute, because Minari looks for relative paths in its own folder.
        parent = folder.parent.absolute()
        with tempfile.TemporaryDirectory(dir=parent, prefix="unfinished-") as root:
            _create(buffers, env, root, algorithm_name, description)
            os.rename(pathlib.Path(root, "mgail", "written-v0"), folder)
    except OSError as error:
        # If the folder is there now, another run has drawn the same dataset in the meantime.
        if not folder.exists():
            raise UserError(f"cannot write demonstrations to {folder} ({error})") from error


def _buffer(index: int, episode: Episode, env: gymnasium.Env) -> EpisodeBuffer:
    """Checks an episode and turns it into Minari's form."""
    observations = _vectors(env, episode.observations, index)
    actions = _as_in(env.action_space, episode.actions, "actions", index)
    length = len(actions)
    if (len(observations), len(episode.rewards)) != (length + 1, length):
        raise UserError(
            f"episode {index} has {length} actions, but {len(observations)} observations and "
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
    fingerprint = Fingerprint()
    for buffer in buffers:
        add_episode(
            fingerprint, buffer.observations, buffer.actions, buffer.rewards, buffer.terminations
        )
    made_in = origin.of_environment(env)._replace(
        fingerprint=str(fingerprint), observation_space=None, action_space=None
    )
    # Minari keeps the spaces, and the environment's id where it can be written down.
    storage = minari.MinariDataset(pathlib.Path(root, "mgail", "written-v0", "data")).storage
    storage.update_metadata({origin.METADATA: made_in.to_json()})


def _vectors(env: gymnasium.Env, values: Any, index: int) -> np.ndarray:
    """Returns recorded observations as the environment's vectors: [length, observation_size].

    Arguments and errors are as of `_as_in`; parts that have names may be a dict of arrays.
    """
    space = original_space(env)
    if isinstance(values, dict):
        if not isinstance(space, spaces.Dict) or values.keys() != space.keys():
            raise UserError(f"episode {index}: observations {', '.join(values)} are not of {space}")
        [length, *others] = {len(part) for part in values.values()}
        if others:
            raise UserError(f"episode {index}: parts of its observations differ in length")
        values = flatten(space, values, length)
    elif space.shape is not None and np.size(values[:1]) == math.prod(space.shape):
        values = flatten(space, _as_in(space, values, "observations", index), len(values))
    return _as_in(env.observation_space, values, "observations", index)


def _as_in(space: gymnasium.Space, values: Any, what: str, index: int) -> np.ndarray:
    """Returns recorded values [length, ...] in the shape and type of a space.

    Args:
      space: of numbers or choices; not a `Dict`, nor a `Tuple`.
      values: what was recorded; the numbers of a step may be in one row.
      what: the name of the values, for messages.
      index: the episode's number, for messages.

    Raises:
      UserError: the values are not of the space, or not finite.
    """
    assert space.shape is not None and space.dtype is not None  # All of these have both.
    values = np.asarray(values)
    if values.ndim <= 2 and math.prod(values.shape[1:]) == math.prod(space.shape):
        values = values.reshape(len(values), *space.shape)
    elif isinstance(space, spaces.Discrete) and _one_hot(values, int(space.n)):
        values = space.start + values.argmax(1)
    if values.shape[1:] != space.shape:
        raise UserError(
            f"episode {index}: its {what} are of shape {values.shape[1:]}, the environment's "
            f"{space} are of {space.shape}"
        )
    finite = np.isfinite(values.astype(np.float64)).reshape(len(values), -1).all(1)
    if not finite.all():
        raise UserError(
            f"episode {index}: its {what} have NaN or infinite values (row {finite.argmin()})"
        )
    cast = values.astype(space.dtype)
    whole = np.issubdtype(space.dtype, np.integer)
    choices = not isinstance(space, spaces.Box)
    if whole and (cast != values).any() or choices and not all(map(space.contains, cast)):
        raise UserError(f"episode {index}: its {what} are not of the environment's {space}")
    return cast


def _one_hot(values: np.ndarray, size: int) -> bool:
    """Tells whether rows of so many numbers are 1 in one place and 0 elsewhere."""
    fits = values.shape[1:] == (size,) and np.isin(values, (0, 1)).all()
    return bool(fits and (values.sum(1) == 1).all())


def _only_last(value: bool, length: int) -> np.ndarray:
    """[length] bool, false but for the last one, which is `value`."""
    return np.arange(length) == (length - 1 if value else -1)
