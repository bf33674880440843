"""Folders that hold recordings file by file, an episode in each for example."""

import pathlib
import re

from mgail_tf.errors import UserError

HDF5 = ".hdf5", ".h5", ".hdf", ".he5"
# Kinds of files that are read, by their ending.
KINDS = {".npz": ".npz", ".csv": ".csv", **dict.fromkeys(HDF5, "HDF5")}


def is_dataset(folder: pathlib.Path) -> bool:
    """Tells Minari's folders, whose files belong together."""
    return any((folder / place / "metadata.json").exists() for place in ("", "data"))


def find(folder: pathlib.Path) -> list[pathlib.Path]:
    """The files of a folder that may be recordings, `episode_2` before `episode_10`."""
    if not folder.is_dir() or is_dataset(folder):
        return []
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in KINDS and not file.name.startswith(".") and file.is_file()
    ]
    return sorted(files, key=lambda file: _natural(file.name))


def find_alike(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[str]]:
    """The recordings of a folder, and the names of the files that are none.

    Raises:
      UserError: there are none, or some of several kinds.
    """
    files = find(folder)
    kinds = list(dict.fromkeys(KINDS[file.suffix.lower()] for file in files))
    if len(kinds) > 1:
        raise UserError(f"{folder} holds {' and '.join(kinds)} files; keep those of one kind in it")
    if not files:
        raise UserError(
            f"{folder} was not saved by imitation, and holds no .npz, .csv or HDF5 itself; "
            "give a recording, or a folder of them"
        )
    visible = (each.name for each in folder.iterdir() if not each.name.startswith("."))
    return files, sorted(set(visible) - {file.name for file in files})


def _natural(name: str) -> list[int | str]:
    """Sorts numbers within names by what they are worth."""
    return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"(\d+)", name))]
