"""Saves and restores a run: what is killed at any moment goes on from its newest checkpoint."""

import pathlib
import re
import sys

import tensorflow as tf
from tqdm import tqdm

from mgail_tf import whole
from mgail_tf.errors import UserError

# How many are kept while a run goes on. A damaged one is replaced by the one before it.
KEPT = 3


class Checkpoints:
    """Saves and restores a run.

    Checkpoint 7 is two files, `ckpt-7.data-00000-of-00001` and `ckpt-7.index`, which comes last.
    What is there is found by these names. The file `checkpoint`, which names the newest, is for
    TensorFlow's own tools only.

    Args:
      folder: where the checkpoints are.
      **state: everything that is saved, by name: modules and `PythonState`s.
    """

    def __init__(self, folder: pathlib.Path, **state: tf.Module):
        self._folder, self._checkpoint = folder, tf.train.Checkpoint(**state)
        self._good: list[int] = []

    def save(self) -> None:
        """Writes a checkpoint; of those before it, the last ones are kept."""
        number = max(numbers(self._folder), default=0) + 1
        with whole.added(self._folder, self._folder / "unfinished"):
            self._checkpoint.write(str(self._folder / "unfinished" / f"ckpt-{number}"))
        self._good.append(number)
        self.keep(KEPT)

    def keep(self, count: int) -> None:
        """Keeps the last checkpoints, so many of them, and removes all others."""
        self._good = self._good[-count:]
        names = [f"ckpt-{number}" for number in self._good]
        named = "".join(f'all_model_checkpoint_paths: "{name}"\n' for name in names)
        whole.write(self._folder / "checkpoint", f'model_checkpoint_path: "{names[-1]}"\n{named}')
        for number in set(numbers(self._folder)) - set(self._good):
            # The index first: without it, the rest is none.
            for file in sorted(self._folder.glob(f"ckpt-{number}.*"), reverse=True):
                whole.remove(file)

    def restore(self) -> None:
        """Restores the newest checkpoint that can be read, if there are any.

        Raises:
          UserError: none of them can be read, or they do not fit.
        """
        damage: dict[str, str] = {}
        for number in reversed(there := numbers(self._folder)):
            file = self._folder / f"ckpt-{number}"
            if found := _damage(file):
                damage[file.name] = found
                continue
            self._restore(file)
            self._good = [each for each in there if each <= number]
            for name, what in damage.items():
                message = f"checkpoint {name} is damaged ({what}); going on from {file.name}"
                tqdm.write(message, file=sys.stderr)
            return
        if damage:
            told = "; ".join(f"{name} is damaged ({what})" for name, what in damage.items())
            raise UserError(f"{self._folder}: {told}; choose another `logdir`")

    def _restore(self, file: pathlib.Path) -> None:
        try:
            self._checkpoint.read(str(file)).assert_consumed()
        except (AssertionError, ValueError, tf.errors.InvalidArgumentError) as error:
            raise UserError(
                f"{file} is whole, but of other networks than the settings ask for: another "
                "version of mgail_tf, or of the environment, made it; choose another `logdir`"
            ) from error


def numbers(folder: str | pathlib.Path) -> list[int]:
    """The numbers of the checkpoints that are in a folder, the newest last."""
    files = pathlib.Path(folder).glob("ckpt-*.index")
    return sorted(int(found[1]) for file in files if (found := re.search(r"-(\d+)\.", file.name)))


def _damage(file: pathlib.Path) -> str:
    """What is wrong with a checkpoint's files; nothing if all that they hold can be read."""
    try:
        reader = tf.train.load_checkpoint(str(file))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)  # It compares a checksum.
    except Exception as error:  # Whatever TensorFlow raises, the file is at fault.
        return " ".join(str(error).split())
    return ""
