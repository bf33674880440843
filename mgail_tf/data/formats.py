"""Reads recorded episodes in the formats that people have: D4RL's keys, CSV, `imitation`'s."""

import pathlib
from typing import Any

import numpy as np

from mgail_tf import extras
from mgail_tf.data.recorded_steps import RecordedSteps
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError


def read(path: str | pathlib.Path) -> list[Episode]:
    """Reads the episodes of a file or folder; its name and contents tell the format.

    - `.npz` with D4RL's keys, one row a step: `observations` and `actions`; `rewards`, `terminals`,
      `timeouts` and `next_observations` are taken if they are there; instead of `terminals` and
      `timeouts` also gymnasium's `terminations` and `truncations`.
    - `.csv`, one row a step: columns `observation_0`, `observation_1`, ..., and `action` or
      `action_0`, ...; `episode`, `reward`, `terminated` and `truncated` are taken if they are
      there. An episode ends where `episode` changes, with a row that is terminated or truncated, or
      with a row without an action, which shows where the episode ended.
    - what the `imitation` library saves: a folder, or in its older form a `.npz` with `obs`,
      `acts` and `indices`.

    Where a recording does not tell where an episode's last action led, that action is left out (see
    `RecordedSteps.episodes`). Pickled data are never opened, because they could run any program.

    Returns:
      The episodes that have at least one action; rewards are NaN where there are none.

    Raises:
      UserError: the file is missing, unreadable, or in none of these formats.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist")
    try:
        episodes = _read(path)
    except UserError:
        raise
    except Exception as error:  # Whatever the format's library raises, the file is at fault.
        raise UserError(f"{path} cannot be read ({error})") from error
    episodes = [episode for episode in episodes if len(episode.actions)]
    if not episodes:
        raise UserError(
            f"{path} holds no action whose outcome is known; docs/users_guide.md has the formats"
        )
    return episodes


def _read(path: pathlib.Path) -> list[Episode]:
    if path.is_dir():
        return _read_imitation_folder(path)
    if path.suffix.lower() == ".npz":
        return _read_npz(path)
    if path.suffix.lower() == ".csv":
        with extras.needed("reading CSV", "csv"):
            from mgail_tf.data import csv_format  # Only this format needs pandas.

        return csv_format.read(path).episodes()
    raise UserError(f"{path}: use a .npz, a .csv, or a folder saved by imitation")


def _read_npz(path: pathlib.Path) -> list[Episode]:
    with np.load(path, allow_pickle=False) as data:
        if "indices" in data:
            return _read_imitation_npz(path, data)
        return _read_d4rl(path, data)


def _read_d4rl(path: pathlib.Path, data: np.lib.npyio.NpzFile) -> list[Episode]:
    for name in "observations", "actions":
        if name not in data:
            raise UserError(f"{path} has no {name!r}; it has {', '.join(data)}")

    def numbers(name: str) -> np.ndarray:
        values = data[name]
        if values.dtype.kind not in "biuf":
            raise UserError(f"{path}: {name} are {values.dtype}; they must be numbers")
        return values

    def column(names: list[str], default: float) -> np.ndarray:
        """[steps] of the first of these names that there is."""
        for name in names:
            if name in data:
                return numbers(name).reshape(-1)
        return np.full(len(actions), default)

    observations, actions = numbers("observations"), numbers("actions")
    terminated = column(["terminals", "terminations"], False) > 0
    truncated = column(["timeouts", "truncations"], False) > 0
    rewards = column(["rewards"], np.nan)
    next_observations = numbers("next_observations") if "next_observations" in data else None
    fields = observations, actions, rewards, terminated, next_observations, truncated
    rows = [len(field) for field in fields if field is not None]
    if len(set(rows)) > 1:
        raise UserError(f"{path}: its arrays must have a row for each step, not {rows} rows")
    return RecordedSteps(
        observations, actions, rewards, terminated, terminated | truncated, next_observations
    ).episodes()


def _read_imitation_npz(path: pathlib.Path, data: np.lib.npyio.NpzFile) -> list[Episode]:
    ends, observations, actions = data["indices"], data["obs"], data["acts"]
    # Each trajectory has one observation more than actions.
    if len(observations) != len(actions) + len(ends) + 1:
        raise UserError(
            f"{path}: {len(ends) + 1} trajectories of {len(actions)} actions cannot have "
            f"{len(observations)} observations"
        )
    return [
        Episode(*fields, terminated=bool(terminated))
        for *fields, terminated in zip(
            np.split(observations, ends + np.arange(len(ends)) + 1),
            np.split(actions, ends),
            np.split(_rewards(data.get("rews"), len(actions)), ends),
            np.atleast_1d(data["terminal"]),
            strict=True,
        )
    ]


def _read_imitation_folder(path: pathlib.Path) -> list[Episode]:
    with extras.needed("reading what imitation saved", "imitation"):
        import datasets  # It takes seconds to import, and only this format needs it.

    rows: Any = datasets.load_from_disk(str(path))
    return [
        Episode(
            np.array(row["obs"]),
            np.array(row["acts"]),
            _rewards(row.get("rews"), len(row["acts"])),
            bool(row["terminal"]),
        )
        for row in rows.remove_columns("infos")
    ]


def _rewards(recorded: Any, length: int) -> np.ndarray:
    """[length] rewards; NaN if none were recorded."""
    return np.full(length, np.nan) if recorded is None else np.asarray(recorded)
