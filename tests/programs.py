"""How tests run the programs: as a user does, in a process of their own."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent


def python(*arguments, folder, **variables):
    """Runs Python in a folder, with further environment variables."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"MINARI_DATASETS_PATH": str(folder)} | variables,
    )


def run(program, *arguments, folder, **variables):
    """Runs a program of `run/`."""
    return python(ROOT / "run" / program, *arguments, folder=folder, **variables)
