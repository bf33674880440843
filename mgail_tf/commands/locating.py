"""Paths that an environment does not move: some change the working directory."""

import pathlib


def located(name: str) -> str:
    """Returns an absolute path where a name is that of a file or a folder; else the name."""
    path = pathlib.Path(name)
    return str(path.absolute()) if path.exists() else name
