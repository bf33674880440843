"""One run, one folder: a lock that dies with its process."""

from collections.abc import Iterator
import contextlib
import fcntl
import os
import pathlib
from typing import TextIO

from mgail_tf import whole
from mgail_tf.errors import UserError

# In the run folder. It stays there; only a living process can hold it.
FILE = "lock"


@contextlib.contextmanager
def hold(folder: str | pathlib.Path) -> Iterator[None]:
    """Keeps other processes from a run folder, which is made if there is none.

    A folder that nothing was written into is removed again at the end.

    Raises:
      UserError: another process holds it, or it cannot be written.
    """
    path = pathlib.Path(folder).absolute()
    made = [each for each in (path, *path.parents) if not each.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Not truncated: until it is locked, it belongs to whoever holds it.
        file = (path / FILE).open("a+")
    except OSError as error:
        raise UserError(f"`logdir` {folder} cannot be used ({error}); choose another") from error
    with file:
        try:
            descriptor = _lock(file, path)
        except BlockingIOError as error:
            file.seek(0)
            number = file.read().strip()
            process = f"process {number}" if number else "another process"
            raise UserError(
                f"`logdir` {folder}: {process} is at this run; end it first, or choose "
                "another folder"
            ) from error
        try:
            with whole.refusals_told(path / FILE):
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
            yield
        finally:
            os.close(descriptor)
            if path.is_dir() and os.listdir(path) == [FILE]:
                (path / FILE).unlink()
                for each in made:
                    # Another program may have put something there.
                    with contextlib.suppress(OSError):
                        each.rmdir()


def _lock(file: TextIO, folder: pathlib.Path) -> int:
    """Locks the file, and the folder itself, because the file may be removed.

    Returns:
      The folder's descriptor, which is to be closed.

    Raises:
      BlockingIOError: another process holds one of them.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Not every disk locks folders.
        if isinstance(error, BlockingIOError):
            os.close(descriptor)
            raise
    return descriptor
