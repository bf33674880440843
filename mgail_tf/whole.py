"""Files and folders that change at once: whenever a program stops, the old or the new is there."""

from collections.abc import Iterator
import contextlib
import ctypes
import os
import pathlib
import shutil


def write(file: pathlib.Path, content: str | bytes) -> None:
    """Writes a file, or replaces it.

    It is written aside and brought to the disk first, so that a loss of power does no harm either.
    """
    aside = file.with_name(f"unfinished-{file.name}")
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
    """
    with _emptied(aside):
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
      folder: where they go; made if it is not there.
      aside: a path on the same disk; what an earlier attempt has left there is removed.
    """
    with _emptied(aside):
        yield
        _bring_files_to_disk(aside)
        for file in sorted(aside.iterdir()):
            os.replace(file, folder / file.name)


@contextlib.contextmanager
def _emptied(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Makes an empty folder, and removes what is left there in the end."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
