"""Reads the folders that the `imitation` library saves, with Hugging Face's datasets."""

import pathlib
from typing import Any

import datasets
import numpy as np

from mgail_tf.data import fitting
from mgail_tf.data.damage import blamed_on
from mgail_tf.data.recording import Recording
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError


def read(path: pathlib.Path) -> Recording:
    """The episodes of a folder; those without actions are left out.

    Raises:
      UserError: the folder is damaged.
    """
    with blamed_on(path):
        rows: Any = datasets.load_from_disk(str(path))
        names = set(rows.column_names)
        used = [name for name in ("obs", "acts", "terminal", "rews") if name in names]
        # As Arrow has them: a column of pictures, say, would be fetched from where it says.
        read = rows.select_columns(used).with_format("arrow")[:].to_pylist()
    if missing := {"obs", "acts", "terminal"} - names:
        raise UserError(f"{path}: its episodes have no {', '.join(sorted(missing))}")
    episodes = [_episode(row, f"{path}: episode {index}") for index, row in enumerate(read)]
    return Recording([episode for episode in episodes if len(episode.actions)])


def _episode(row: dict[str, Any], name: str) -> Episode:
    observations, actions = (
        fitting.rows(row[field], f"{name}: {field}") for field in ("obs", "acts")
    )
    length = len(actions)
    rewards = np.full(length, np.nan)
    if row.get("rews") is not None:
        rewards = fitting.rows(row["rews"], f"{name}: rews")
    if len(observations) != length + 1 or rewards.shape != (length,):
        raise UserError(
            f"{name} has {length} acts, {len(observations)} obs and {rewards.size} rews; there "
            "must be one observation more, and as many rewards"
        )
    if not isinstance(row["terminal"], bool):
        raise UserError(f"{name}: terminal must be true or false")
    return Episode(observations, actions, rewards, row["terminal"])
