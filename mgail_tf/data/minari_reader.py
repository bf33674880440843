"""Reads Minari datasets; what they hold is checked, and nothing that they name is run.

A dataset may come from anywhere. Its metadata can name a program that makes its environment, which
Minari would run for a dataset that does not say what its spaces are; such a one is refused.
"""

from collections.abc import Iterator
import json
import pathlib
from typing import Any, NamedTuple

import gymnasium
import minari
from minari.storage.datasets_root_dir import get_dataset_path
import numpy as np

from mgail_tf import strict_json
from mgail_tf.data import fitting, hdf5_format
from mgail_tf.data.damage import blamed_on
from mgail_tf.errors import UserError

METADATA_FORM = {
    "data_format": str,
    "observation_space": str,
    "action_space": str,
    "total_episodes": int,
    "total_steps": int,
    "dataset_id": str,
    "minari_version": str,
}

UNREADABLE = "is not a readable Minari dataset"


class StoredEpisode(NamedTuple):
    """An episode of `length` steps, as the environment has it.

    Attributes:
      observations: [length + 1, observation_size].
      actions: [length, ...].
      rewards: [length].
      terminations: [length] bool.
      recorded_observations, recorded_actions: the same as the dataset has them.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminations: np.ndarray
    recorded_observations: Any
    recorded_actions: np.ndarray


def opened(dataset: str | pathlib.Path) -> minari.MinariDataset:
    """Opens a dataset.

    Args:
      dataset: its folder, or the id of an installed one.

    Raises:
      UserError: it is missing, or damaged.
    """
    path = pathlib.Path(dataset)
    within = [each.parent.parent for each in path.glob("*/data/main_data.hdf5")]
    if within:
        raise UserError(
            f"{dataset} is a folder of datasets; use one of {', '.join(map(str, sorted(within)))}"
        )
    if not path.is_dir():
        path = pathlib.Path(get_dataset_path(str(dataset)))
        if not str(dataset) or not path.is_dir():
            raise UserError(
                f"no dataset {dataset}; give a Minari dataset's folder, or an installed id "
                f"(minari download {dataset})"
            )
    folder = path / "data" if (path / "data").is_dir() else path
    if not (folder / "metadata.json").is_file():
        raise UserError(f"{dataset} {UNREADABLE} (it has no metadata.json)")
    with blamed_on(dataset, UNREADABLE):
        # The environment's arguments, which are not looked at, may have any numbers.
        metadata = json.loads((folder / "metadata.json").read_text("utf-8"))
        strict_json.check(metadata, METADATA_FORM, "metadata.json")
        if metadata["data_format"] == "hdf5":
            episodes = hdf5_format.check_size(folder / "main_data.hdf5")
            if not 0 <= metadata["total_episodes"] <= episodes:
                raise ValueError(f"it has {episodes} episodes, not {metadata['total_episodes']}")
        return minari.MinariDataset(folder)


def episodes(
    data: minari.MinariDataset, dataset: str | pathlib.Path, env: gymnasium.Env, number: int
) -> Iterator[StoredEpisode]:
    """Reads the first episodes of a dataset.

    Args:
      data: the dataset.
      dataset: what messages call it.
      env: what its observations and actions must fit.
      number: of episodes.

    Raises:
      UserError: an episode is damaged, or does not fit.
    """
    stored = data.iterate_episodes(range(number))
    for index in range(number):
        with blamed_on(dataset, UNREADABLE):
            episode = next(stored)
        yield _checked(episode, env, f"{dataset}: episode {index}")


def _checked(episode: Any, env: gymnasium.Env, name: str) -> StoredEpisode:
    observations = fitting.observations_of(env, episode.observations, name)
    actions = fitting.values_of(env.action_space, episode.actions, f"{name}: its actions")
    rewards, terminations = np.asarray(episode.rewards), np.asarray(episode.terminations)
    length = len(actions)
    if not length:
        raise UserError(f"{name} has no actions; remove it")
    if len(observations) != length + 1 or not rewards.shape == terminations.shape == (length,):
        raise UserError(
            f"{name} has {length} actions, {len(observations)} observations, {rewards.size} "
            f"rewards and {terminations.size} terminations; it may be truncated"
        )
    if rewards.dtype.kind not in "biuf" or terminations.dtype.kind not in "biu":
        raise UserError(f"{name}: its rewards must be numbers, and its terminations true or false")
    if terminations[:-1].any():
        raise UserError(
            f"{name}: its terminations say that the task ended it in step {terminations.argmax()}, "
            "and it goes on; end the episode there"
        )
    return StoredEpisode(
        observations,
        actions,
        rewards.astype(np.float64),
        terminations.astype(bool),
        episode.observations,
        episode.actions,
    )
