"""Reads recorded episodes in the formats that people have."""

from collections.abc import Sequence
import pathlib
from typing import Any

import numpy as np

from mgail_tf import extras
from mgail_tf.data import episode_ends, npz_format
from mgail_tf.data.recorded_steps import joined
from mgail_tf.data.recording import Recording
from mgail_tf.data.table_steps import steps_of
from mgail_tf.data.tables import Table, read_fields
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError

READ = "use a .npz, a .csv, an .hdf5, or a folder saved by imitation (docs/users_guide.md)"
HDF5 = ".hdf5", ".h5", ".hdf", ".he5"
# A file that is in each folder of that kind.
SAVED_BY_IMITATION = "state.json"
NUMBERS = "save it as np.savez('recording.npz', observations=..., actions=..., ...)"
PICKLED = (
    f"pickles are never opened, because they could run any program; if you trust it, {NUMBERS}"
)
COLUMNS = "make a .csv of it with pandas, with a row for each step"
# What to say of files that are not read.
OTHERS = {
    **dict.fromkeys((".pkl", ".pickle", ".p", ".pt", ".pth", ".ckpt", ".joblib"), PICKLED),
    **dict.fromkeys((".json", ".jsonl", ".parquet", ".feather", ".tsv", ".txt", ".xlsx"), COLUMNS),
    ".npy": f"it holds a single array, or a pickle; {NUMBERS}",
    ".zip": "unpack it, if it holds recordings; a policy is played by collect_demonstrations.py",
}

Keys = tuple[Sequence[str], Sequence[str]]


def is_recording(path: str | pathlib.Path) -> bool:
    """Tells a recording, which can be read here, from a Minari dataset's id or folder."""
    path = pathlib.Path(path)
    known = path.suffix.lower() in (".npz", ".csv", *HDF5, *OTHERS)
    folder = (path / SAVED_BY_IMITATION).is_file()
    return path.is_file() or known and not path.is_dir() or folder


def read(
    path: str | pathlib.Path,
    time_limit: int | None = None,
    keys: Sequence[str] = (),
    usual: Sequence[str] = (),
) -> Recording:
    """Reads the episodes of a file or folder; its name and contents tell the format.

    - `.npz`, `.csv` and HDF5 with a row for each step, by the names of `field_names.SPELLINGS`.
      D4RL's files are of this kind. Observations may have parts: columns `observation_0`,
      `observation_1`, ..., or named arrays of a group.
    - `.npz` with a row for each episode: arrays [episodes, steps, ...], as of openai/baselines.
    - HDF5 with a numbered group for each episode, as of robomimic.
    - what the `imitation` library saves: a folder, or in its older form a `.npz`.

    Pickled data are never opened, because they could run any program.

    Args:
      path: the file or folder.
      time_limit: see `episode_ends.split`.
      keys, usual: see `field_names.find`.

    Raises:
      UserError: the file is missing, unreadable, or in none of these formats.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist")
    try:
        recording = _read(path, time_limit, (keys, usual))
    except UserError:
        raise
    except Exception as error:  # Whatever the format's library raises, the file is at fault.
        raise UserError(f"{path} cannot be read ({error})") from error
    if not recording.episodes:
        raise UserError(
            f"{path} holds no action whose outcome is known; docs/users_guide.md has the formats"
        )
    return recording


def _read(path: pathlib.Path, time_limit: int | None, keys: Keys) -> Recording:
    ending = path.suffix.lower()
    if path.is_dir():
        return _read_folder(path)
    if ending == ".npz":
        return _read_tables([npz_format.read(path)], [], time_limit, keys)
    if ending == ".csv":
        with extras.needed("reading CSV", "csv"):
            from mgail_tf.data import csv_format  # Only this format needs pandas.

        return _read_tables([csv_format.read(path)], [], time_limit, keys)
    if ending in HDF5:
        from mgail_tf.data import hdf5_format

        return _read_tables(*hdf5_format.read(path), time_limit, keys)
    raise UserError(f"{path}: {OTHERS.get(ending, f'such files are not read; {READ}')}")


def _read_tables(
    tables: list[Table], left: list[str], time_limit: int | None, keys: Keys
) -> Recording:
    """Reads a table of all steps, or a table for each episode."""
    fields = [read_fields(table, *keys) for table in tables]
    steps = [steps_of(*both) for both in zip(tables, fields, strict=True)]
    split = episode_ends.split(steps[0] if len(steps) == 1 else joined(steps), time_limit)
    unknown = list(dict.fromkeys(name for each in fields for name in each.unknown)) + left
    notes = [*fields[0].notes, *split.notes]
    if fields[0].parts:
        parts = ", ".join(f"{name} ({size})" for name, size in fields[0].parts)
        notes.append(f"observations: made of {parts}, in this order")
    if unknown:
        notes.append(
            f"not understood, left out: {', '.join(name or '(no name)' for name in unknown)}"
        )
    return Recording(split.episodes, split.left_out, notes)


def _read_folder(path: pathlib.Path) -> Recording:
    if (path / "data" / "metadata.json").exists() or (path / "metadata.json").exists():
        raise UserError(f"{path} is a Minari dataset already; train with it as it is")
    if not (path / SAVED_BY_IMITATION).is_file():
        raise UserError(
            f"{path} was not saved by imitation; give a single file, or put all episodes into one"
        )
    with extras.needed("reading what imitation saved", "imitation"):
        import datasets  # It takes seconds to import, and only this format needs it.

    rows: Any = datasets.load_from_disk(str(path))
    episodes = [
        Episode(
            np.array(row["obs"]),
            np.array(row["acts"]),
            np.full(len(row["acts"]), np.nan) if row.get("rews") is None else np.array(row["rews"]),
            bool(row["terminal"]),
        )
        for row in rows.remove_columns("infos")
    ]
    return Recording([episode for episode in episodes if len(episode.actions)])
