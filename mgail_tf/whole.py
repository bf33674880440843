"""Files and folders that change at once: whenever a program stops, the old or the new is there."""

from collections.abc import Iterator
import contextlib
import ctypes
import errno
import os
import pathlib
import shutil
import sys

from mgail_tf.errors import NotWritten


def write(file: pathlib.Path, content: str | bytes) -> None:
    """Writes a file, or replaces it.

    It is written aside and brought to the disk first, so that a loss of power does no harm either.

    Raises:
      NotWritten: the disk refuses it.
    """
    aside = file.with_name(f"unfinished-{file.name}")
    with refusals_told(file):
        try:
            aside.write_bytes(content.encode() if isinstance(content, str) else content)
            _bring_to_disk(aside)
            os.replace(aside, file)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def replaced(folder: pathlib.Path, aside: pathlib.Path) -> Iterator[None]:
    """Puts `aside`, an empty folder to be filled meanwhile, in the place of a folder.

    Args:
      folder: what is replaced; it need not be there.
      aside: a path on the same disk; what an earlier attempt has left there is removed.

    Raises:
      NotWritten: the disk refuses it.
    """
    with refusals_told(folder), _emptied(aside):
        yield
        _bring_files_to_disk(aside)
        if not folder.exists():
            os.rename(aside, folder)
        elif not _exchange(aside, folder):
            # For a moment there is none; some systems and disks know no better.
            with _emptied(aside.with_name(f"{aside.name}-before")) as before:
                os.rename(folder, before)
                os.rename(aside, folder)


@contextlib.contextmanager
def added(folder: pathlib.Path, aside: pathlib.Path) -> Iterator[None]:
    """Moves the files of `aside`, an empty folder to be filled meanwhile, to a folder.

    They come there one after another, in the order of their names: where the last one is, all are.

    Args:
      folder: where they go.
      aside: a path on the same disk; what an earlier attempt has left there is removed.

    Raises:
      NotWritten: the disk refuses it.
    """
    with refusals_told(folder), _emptied(aside):
        yield
        _bring_files_to_disk(aside)
        for file in sorted(aside.iterdir()):
            os.replace(file, folder / file.name)


@contextlib.contextmanager
def refusals_told(path: str | pathlib.Path) -> Iterator[None]:
    """Says in one line that the disk refuses what is being written to a path.

    Raises:
      NotWritten: it does; Python or TensorFlow has noticed.
    """
    refusals: tuple[type[Exception], ...] = (OSError,)
    if tensorflow := sys.modules.get("tensorflow"):
        errors = tensorflow.errors
        refusals += errors.ResourceExhaustedError, errors.PermissionDeniedError
        refusals += errors.NotFoundError, errors.FailedPreconditionError
        refusals += errors.OutOfRangeError, errors.UnknownError
    try:
        yield
    except refusals as error:
        reason = getattr(error, "strerror", None) or str(error)
        # TensorFlow says the file first, and then more than anybody needs.
        reason = reason.splitlines()[0].rpartition("; ")[2].partition(" [Op:")[0]
        raise NotWritten(f"{path} cannot be written ({reason})") from error


def check_room(path: str | pathlib.Path) -> None:
    """Checks a file or folder that was written by a library that does not notice a full disk.

    Raises:
      NotWritten: the disk is full.
    """
    with refusals_told(path):
        disk = shutil.disk_usage(path)
        if disk.total and not disk.free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def _emptied(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Makes an empty folder, and removes what is left there in the end."""
    remove(folder)
    # Without those that it is in: a run folder that was moved meanwhile is not made again.
    folder.mkdir()
    try:
        yield folder
    finally:
        remove(folder)


def remove(path: pathlib.Path) -> None:
    """Removes a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _bring_files_to_disk(folder: pathlib.Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            _bring_to_disk(path)


def _bring_to_disk(file: pathlib.Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened)


def _exchange(one: pathlib.Path, other: pathlib.Path) -> bool:
    """Exchanges two folders at once, and tells whether that was possible."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)  # Of Linux; Python does not offer it.
    from_here, exchange = -100, 2
    paths = os.fsencode(one.absolute()), os.fsencode(other.absolute())
    return rename is not None and not rename(from_here, paths[0], from_here, paths[1], exchange)
