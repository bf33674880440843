"""What can be written, asked before anything is made that is to be written there."""

import os
import pathlib

NOT_FOR_TENSORFLOW = "TensorFlow cannot use a path with a backslash, or one that is not UTF-8"


def is_file_possible(path: str | pathlib.Path) -> bool:
    """Tells whether a file can be written; its folder must be there."""
    file = pathlib.Path(path)
    if file.exists():
        return file.is_file() and os.access(file, os.W_OK)
    parent = file.absolute().parent
    return parent.is_dir() and os.access(parent, os.W_OK)


def is_folder_possible(path: str | pathlib.Path) -> bool:
    """Tells whether a folder can be written, or made with those that it is in."""
    folder = pathlib.Path(path).absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)


def can_tensorflow_use(path: str | pathlib.Path) -> bool:
    """Tells whether TensorFlow can use a path: not one with a backslash, or not in UTF-8."""
    name = str(pathlib.Path(path).absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\\" not in name
