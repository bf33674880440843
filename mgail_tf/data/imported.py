"""Recordings that are used as they are, without a Minari dataset of them that stays."""

from collections.abc import Iterator, Sequence
import contextlib
import math
import pathlib
import sys
import tempfile

import gymnasium

from mgail_tf.data import formats, minari_writer
from mgail_tf.data.recording import Recording
from mgail_tf.data.stacked_episodes import Sizes
from mgail_tf.envs.flattening import original_space
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError, printable


def read(recording: str | pathlib.Path, env_name: str, keys: Sequence[str] = ()) -> Recording:
    """Reads a recording of an environment; see `formats.read`.

    Named parts of observations are in the environment's order, if it has the same names.
    """
    env = make_environment(env_name)
    env.close()
    names: Sequence[str] = ()
    inner = env
    while isinstance(inner, gymnasium.Wrapper):
        inner = inner.env
        if isinstance(inner.observation_space, gymnasium.spaces.Dict):
            names = list(inner.observation_space)
            break
    limit = env.spec.max_episode_steps if env.spec else None
    space = original_space(env)
    size = math.prod(space.shape or env.observation_space.shape or ())
    sizes = Sizes(size, math.prod(env.action_space.shape or ()))
    return formats.read(recording, limit, keys, names, sizes)


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
    read_once = read(recording, env_name)
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root, "dataset")
        try:
            minari_writer.write(read_once.episodes, env_name, folder, imported=True)
        except UserError as error:
            raise UserError(f"{recording}: {error}") from error
        try:
            yield folder
        except UserError as error:
            raise UserError(str(error).replace(str(folder), str(recording))) from error
    # Bad input is told in one line; this is for good input.
    print(printable(f"{recording}:"), *read_once.describe(), sep="\n  ", file=sys.stderr)
