"""How tests run the programs: as a user does, in a process of their own."""

from collections.abc import Iterable, Sequence
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
# Calls a program again and again in one process. After each call, both streams have its status in a
# line that begins with a sign that no text has.
CALLS = """
import importlib, json, sys, traceback
from absl.testing import flagsaver
sys.path.append(sys.argv[3])
program = importlib.import_module(sys.argv[1]).program
for arguments in json.loads(sys.argv[2]):
    sys.argv[1:], status = arguments, 0
    try:
        with flagsaver.flagsaver():
            program()
    except SystemExit as leaving:
        status = leaving.code or 0
    except Exception:
        traceback.print_exc()
        status = 1
    for stream in sys.stdout, sys.stderr:
        print(f"\x1e{status}", file=stream, flush=True)
"""


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


def run_each(
    command: str, calls: Iterable[Sequence[object]], folder: pathlib.Path
) -> list[subprocess.CompletedProcess[str]]:
    """How each of several calls of a program ends.

    They are made in one process, because its imports take seconds.

    Args:
      command: a module of `mgail_tf.commands`; or of `experiments`, with the package's name.
      calls: the arguments of each.
      folder: where all of them are made.
    """
    told = [[str(argument) for argument in arguments] for arguments in calls]
    module = command if "." in command else f"mgail_tf.commands.{command}"
    done = python("-c", CALLS, module, json.dumps(told), ROOT, folder=folder)
    assert done.returncode == 0, done.stderr
    # Texts and statuses in turn.
    stdout, stderr = (re.split("\x1e(.*)\n", text) for text in (done.stdout, done.stderr))
    return [
        subprocess.CompletedProcess(arguments, int(status), out, err)
        for arguments, status, out, err in zip(
            told, stdout[1::2], stdout[:-1:2], stderr[:-1:2], strict=True
        )
    ]
