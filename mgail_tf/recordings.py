"""Recorded episodes in the formats that people have: NumPy with D4RL's keys, CSV, `imitation`'s."""

import pathlib
import re

import numpy as np

from mgail_tf.episodes import Episode
from mgail_tf.errors import UserError


def read(path):
    """Reads the episodes of a file or folder; its name and contents tell the format.

    - `.npz` with D4RL's keys: `observations`, `actions`, and where there are any `rewards`,
      `terminals`, `timeouts`, `next_observations`. One row a step.
    - `.csv`: columns `observation_0`, `observation_1`, ..., `action` or `action_0`, ..., and where
      there are any `episode`, `reward`, `terminated`. One row a step; a last row of an episode
      without an action tells where it ended.
    - what the `imitation` library saves: a folder, or in its older form a `.npz` with `obs`,
      `acts` and `indices`.

    Where a recording does not tell where an episode's last action led, that action is left out.
    Nothing that is pickled is ever opened.

    Returns:
      A list of `episodes.Episode`; rewards are NaN where there are none.

    Raises:
      UserError: the file is missing, unreadable, or in none of these formats.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist")
    try:
        if path.is_dir():
            episodes = _read_imitation_folder(path)
        elif path.suffix == ".npz":
            episodes = _read_npz(path)
        elif path.suffix == ".csv":
            episodes = _read_csv(path)
        else:
            raise UserError(f"{path}: use a .npz, a .csv, or a folder saved by imitation")
    except UserError:
        raise
    except Exception as error:  # Whatever the format's library raises, the file is at fault.
        raise UserError(f"{path} cannot be read ({error})") from error
    if not any(len(episode.actions) for episode in episodes):
        raise UserError(f"{path} holds no action whose outcome is known")
    return [episode for episode in episodes if len(episode.actions)]


def _read_npz(path):
    with np.load(path, allow_pickle=False) as data:
        if "indices" in data:
            return _read_imitation_npz(data)
        for name in "observations", "actions":
            if name not in data:
                raise UserError(f"{path} has no {name!r}; it has {', '.join(data)}")
        length = len(data["actions"])
        terminals, timeouts = (
            np.asarray(data[name]).reshape(-1).astype(bool)
            if name in data
            else np.zeros(length, bool)
            for name in ("terminals", "timeouts")
        )
        rewards = _known(data.get("rewards"), length).reshape(-1)
        following = data.get("next_observations")
        fields = data["observations"], data["actions"], rewards, terminals, following
        # An episode ends with a terminal or a timeout, and the last one with the file.
        ends = np.union1d(np.flatnonzero(terminals | timeouts) + 1, [length])
        return [
            _episode(*(None if field is None else field[start:end] for field in fields))
            for start, end in zip(np.append(0, ends[:-1]), ends, strict=True)
        ]


def _known(rewards, length):
    return np.full(length, np.nan) if rewards is None else np.asarray(rewards)


def _episode(observations, actions, rewards, terminals, following=None):
    """An `Episode` of recorded steps, [length, ...] each."""
    if following is not None:
        observations = np.concatenate([observations, following[-1:]])
    else:
        actions, rewards = actions[:-1], rewards[:-1]
    return Episode(observations, actions, rewards, bool(terminals[-1]))


def _read_csv(path):
    table = np.genfromtxt(path, delimiter=",", names=True, dtype=np.float64, ndmin=1)

    def columns(name):
        found = [column for column in table.dtype.names if re.fullmatch(rf"{name}_\d+", column)]
        return sorted(found, key=lambda column: int(column.split("_")[1]))

    observed, acted = columns("observation"), columns("action")
    if not observed:
        raise UserError(f"{path} has no columns observation_0, observation_1, ...")
    if not acted and "action" not in table.dtype.names:
        raise UserError(f"{path} has no column action, or action_0, action_1, ...")
    rows = len(table)
    observations = np.stack([table[column] for column in observed], -1)
    actions = np.stack([table[column] for column in acted], -1) if acted else table["action"]

    def optional(name, otherwise):
        return table[name] if name in table.dtype.names else np.full(rows, otherwise)

    episode, rewards = optional("episode", 0.0), optional("reward", np.nan)
    terminated = np.nan_to_num(optional("terminated", 0.0)).astype(bool)
    starts = np.flatnonzero(np.append(True, episode[1:] != episode[:-1]))
    episodes = []
    for start, end in zip(starts, np.append(starts[1:], rows), strict=True):
        # Only the state where the episode ended may lack an action.
        if np.isnan(actions[start : end - 1]).any():
            raise UserError(
                f"{path}: an action is missing or not a number in rows {start + 1}-{end}"
            )
        episodes.append(
            Episode(
                observations[start:end],
                actions[start : end - 1],
                rewards[start : end - 1],
                terminated[start:end].any(),
            )
        )
    return episodes


def _read_imitation_npz(data):
    ends = data["indices"]
    actions = np.split(data["acts"], ends)
    # Each trajectory has one observation more than actions.
    observations = np.split(data["obs"], ends + np.arange(len(ends)) + 1)
    rewards = np.split(_known(data.get("rews"), len(data["acts"])), ends)
    return [
        Episode(*fields)
        for fields in zip(observations, actions, rewards, data["terminal"], strict=True)
    ]


def _read_imitation_folder(path):
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            f"{path}: reading imitation's format needs `pip install datasets`"
        ) from error
    rows = datasets.load_from_disk(str(path))
    return [
        Episode(
            np.array(row["obs"]),
            np.array(row["acts"]),
            _known(row.get("rews"), len(row["acts"])),
            bool(row["terminal"]),
        )
        for row in rows.remove_columns("infos")
    ]
