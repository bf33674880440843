"""Recordings that are used as they are, without a Minari dataset of them that stays."""

from collections.abc import Iterator
import contextlib
import pathlib
import sys
import tempfile

from mgail_tf.data import formats, minari_writer
from mgail_tf.envs.make import time_limit
from mgail_tf.errors import UserError


@contextlib.contextmanager
def dataset(recording: str | pathlib.Path, env_name: str) -> Iterator[pathlib.Path]:
    """Gives the folder of a Minari dataset that is there within the context only.

    What was understood of the recording is written to stderr at the end.

    Args:
      recording: see `formats.read`.
      env_name: a task or a gymnasium id.

    Raises:
      UserError: the recording cannot be read, or does not fit the environment.
    """
    read = formats.read(recording, time_limit(env_name))
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root, "dataset")
        try:
            minari_writer.write(read.episodes, env_name, folder)
        except UserError as error:
            raise UserError(f"{recording}: {error}") from error
        try:
            yield folder
        except UserError as error:
            raise UserError(str(error).replace(str(folder), str(recording))) from error
    # Bad input is told in one line; this is for good input.
    print(f"{recording}:", *read.describe(), sep="\n  ", file=sys.stderr)
