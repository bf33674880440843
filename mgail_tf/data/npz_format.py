"""Reads NumPy's archives (`.npz`)."""

import pathlib
import zipfile

import numpy as np

from mgail_tf.data.tables import Table
from mgail_tf.errors import UserError


def read(path: pathlib.Path) -> Table:
    """The arrays of a file; they are loaded when they are asked for.

    Raises:
      UserError: the file is no archive; or, when it is loaded, that an array is pickled.
    """
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path} cannot be read (it is no .npz file, or it is damaged)")
    with np.load(path, allow_pickle=False) as data:
        names = list(data)

    def load(name: str) -> np.ndarray:
        try:
            # There may be more such files than may be open at a time.
            with np.load(path, allow_pickle=False) as data:
                return data[name]
        except ValueError as error:
            if "allow_pickle" not in str(error):
                raise
            raise UserError(
                f"{path}: {name} is pickled, and pickles are never opened, because they could run "
                f"any program; if you trust it, save it as numbers: {name}.astype(float), or, if "
                f"it has an array for each episode, np.concatenate(list({name})) beside "
                f"episode_lengths=[len(episode) for episode in {name}]"
            ) from error

    return Table(path, names, load)
