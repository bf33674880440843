"""Reads NumPy's archives (`.npz`)."""

import pathlib
import zipfile

import numpy as np

from mgail_tf.data import unpacking
from mgail_tf.data.damage import blamed_on
from mgail_tf.data.tables import Table
from mgail_tf.errors import UserError


def read(path: pathlib.Path) -> Table:
    """The arrays of a file; they are loaded when they are asked for.

    Raises:
      UserError: the file is no archive, or unpacks to far more than it is large; or, when it is
        loaded, that an array is pickled.
    """
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path} cannot be read (it is no .npz file, or it is damaged)")
    with blamed_on(path), np.load(path, allow_pickle=False) as data:
        names = list(data)
        unpacked = sum(member.file_size for member in data.zip.infolist())
    unpacking.check(path, unpacked)

    def load(name: str) -> np.ndarray:
        # There may be more such files than may be open at a time.
        try:
            with blamed_on(path), np.load(path, allow_pickle=False) as data:
                array = data[name]
        except UserError as error:
            if "allow_pickle" not in str(error):
                raise
            raise UserError(
                f"{path}: {name} is pickled, and pickles are never opened, because they could run "
                f"any program; if you trust it, save it as numbers: {name}.astype(float), or, if "
                f"it has an array for each episode, np.concatenate(list({name})) beside "
                f"episode_lengths=[len(episode) for episode in {name}]"
            ) from error
        # NumPy gives bytes where there is no array; and what takes no room can be of any length.
        if not isinstance(array, np.ndarray) or not array.dtype.itemsize:
            raise UserError(f"{path}: {name} is no array")
        return array

    return Table(path, names, load)
