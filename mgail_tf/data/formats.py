"""Reads recorded episodes in the formats that people have."""

from collections.abc import Sequence
import pathlib
from typing import NamedTuple

from mgail_tf import extras
from mgail_tf.data import episode_ends, episode_files, npz_format
from mgail_tf.data.episode_files import HDF5
from mgail_tf.data.recorded_steps import RecordedSteps, joined
from mgail_tf.data.recording import Recording
from mgail_tf.data.stacked_episodes import Sizes
from mgail_tf.data.table_steps import steps_of
from mgail_tf.data.tables import Fields, Table, read_fields
from mgail_tf.errors import UserError

READ = "use .npz, .csv or .hdf5, or a folder saved by imitation (docs/users_guide.md)"
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


class _Known(NamedTuple):
    """What is known of the environment; see `read`."""

    keys: Sequence[str]
    usual: Sequence[str]
    sizes: Sizes | None


def is_recording(path: str | pathlib.Path) -> bool:
    """Tells a recording, which can be read here, from a Minari dataset's id or folder."""
    path = pathlib.Path(path)
    if path.is_dir():
        return (path / SAVED_BY_IMITATION).is_file() or bool(episode_files.find(path))
    return path.is_file() or path.suffix.lower() in (*episode_files.KINDS, *OTHERS)


def read(
    path: str | pathlib.Path,
    time_limit: int | None = None,
    keys: Sequence[str] = (),
    usual: Sequence[str] = (),
    sizes: Sizes | None = None,
) -> Recording:
    """Reads the episodes of a file or folder; its name and contents tell the format.

    - `.npz`, `.csv` and HDF5 with a row for each step, by the names of `field_names.SPELLINGS`.
      D4RL's files are of this kind. Observations may have parts: columns `observation_0`,
      `observation_1`, ..., or named arrays of a group.
    - `.npz` with a row for each episode: arrays [episodes, steps, ...], as of openai/baselines.
    - HDF5 with a numbered group for each episode, as of robomimic.
    - what the `imitation` library saves: a folder, or in its older form a `.npz`.
    - a folder of `.npz`, `.csv` or HDF5 files, which hold an episode or several each. They are read
      in the order of the numbers in their names.

    Pickled data are never opened, because they could run any program.

    Args:
      path: the file or folder.
      time_limit: see `episode_ends.split`.
      keys, usual: see `field_names.find`.
      sizes: of the environment's observations and actions, if they are known.

    Raises:
      UserError: the file is missing, unreadable, or in none of these formats.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist")
    if not (path.is_file() or path.is_dir()):
        raise UserError(f"{path} is neither a file nor a folder")
    recording = _read(path, time_limit, _Known(keys, usual, sizes))
    if not recording.episodes:
        raise UserError(
            f"{path} holds no action whose outcome is known; docs/users_guide.md has the formats"
        )
    return recording


class _File(NamedTuple):
    """What a file holds: its steps, the fields of its tables, and the names of what is in none."""

    steps: RecordedSteps
    fields: list[Fields]
    left: list[str]


def _read(path: pathlib.Path, time_limit: int | None, known: _Known) -> Recording:
    if not path.is_dir():
        file = _read_file(path, known)
        return _split(file.steps, file.fields, file.left, time_limit)
    if episode_files.is_dataset(path):
        raise UserError(f"{path} is a Minari dataset already; train with it as it is")
    if (path / SAVED_BY_IMITATION).is_file():
        with extras.needed("reading what imitation saved", "imitation"):
            from mgail_tf.data import imitation_format  # Only this format needs datasets.

        return imitation_format.read(path)
    paths, others = episode_files.find_alike(path)
    files = [_read_file(each, known) for each in paths]
    steps = joined([file.steps for file in files], path, "files")
    fields = [fields for file in files for fields in file.fields]
    return _split(steps, fields, [*(n for file in files for n in file.left), *others], time_limit)


def _read_file(path: pathlib.Path, known: _Known) -> _File:
    """Reads a table of all steps, or a table for each episode."""
    tables, left = _tables(path)
    fields = [read_fields(table, known.keys, known.usual) for table in tables]
    for each in fields:
        _check_parts(path, each, known)
    steps = [steps_of(*both, known.sizes) for both in zip(tables, fields, strict=True)]
    if len(steps) == 1:
        return _File(steps[0], fields, left)
    return _File(joined(steps, path, "groups", an_episode_each=True), fields, left)


def _check_parts(path: pathlib.Path, fields: Fields, known: _Known) -> None:
    """Checks that named parts make an observation of the environment, if its parts have names."""
    parts = {name.rpartition("/")[2] for name, _ in fields.parts}
    missing = [name for name in known.usual if name not in parts]
    size = sum(size for _, size in fields.parts)
    if parts and missing and not known.keys and known.sizes and size != known.sizes.observation:
        raise UserError(
            f"{path}: its observations have no part {', '.join(missing)}, which the environment's "
            f"have; they have {', '.join(sorted(parts))}"
        )


def _tables(path: pathlib.Path) -> tuple[list[Table], list[str]]:
    ending = path.suffix.lower()
    if ending == ".npz":
        return [npz_format.read(path)], []
    if ending == ".csv":
        with extras.needed("reading CSV", "csv"):
            from mgail_tf.data import csv_format  # Only this format needs pandas.

        return [csv_format.read(path)], []
    if ending in HDF5:
        from mgail_tf.data import hdf5_format

        return hdf5_format.read(path)
    raise UserError(f"{path}: {OTHERS.get(ending, f'such files are not read; {READ}')}")


def _split(
    steps: RecordedSteps, fields: list[Fields], left: list[str], time_limit: int | None
) -> Recording:
    """Splits steps into episodes, and says how."""
    split = episode_ends.split(steps, time_limit)
    unknown = list(dict.fromkeys([*(name for each in fields for name in each.unknown), *left]))
    notes = [*fields[0].notes, *split.notes]
    if missing := [place for each in fields for place in each.missing]:
        notes.append(
            f"warning: {_counted(missing)} without all numbers, or with infinite ones: the episode "
            "is cut there, and counts as two"
        )
    if no_outcome := [place for each in fields for place in each.no_outcome]:
        notes.append(
            f"warning: next observations of {_counted(no_outcome)} are not finite: not used"
        )
    if fields[0].parts:
        parts = ", ".join(f"{name} ({size})" for name, size in fields[0].parts)
        notes.append(f"observations: made of {parts}, in this order")
    if unknown:
        notes.append(
            f"not understood, left out: {', '.join(name or '(no name)' for name in unknown)}"
        )
    return Recording(split.episodes, split.left_out, notes)


def _counted(places: list[str]) -> str:
    shown = ", ".join(places[:5]) + (", ..." if len(places) > 5 else "")
    return f"{len(places)} {'row' if len(places) == 1 else 'rows'} ({shown})"
