"""Where a result comes from: command, commit, machine."""

import datetime
import os
import pathlib
import shlex
import subprocess
from typing import Any

from mgail_tf import strict_json, surroundings, whole

FILE = "provenance.json"
FORM = {"command": str, "starts": [{"commit": str | None, "dirty": bool | None}]}
ROOT = pathlib.Path(__file__).parent.parent
# The runs depend on none of these; results and pictures change while a study is at work.
_NOT_CODE = (":(exclude)experiments/results", ":(exclude)docs")


def record(folder: pathlib.Path, command: str, cores: int) -> None:
    """Adds a start of `command` to the `provenance.json` of a run's folder.

    A run that is interrupted may go on under another commit or on another machine; so each start
    has an entry of its own.

    Args:
      folder: the run's.
      command: as `portable` gives it.
      cores: how many the run has for itself.
    """
    starts = read(folder)["starts"] if (folder / FILE).exists() else []
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    starts.append({"time": now, **source(), "machine": machine(), "cores": cores})
    text = strict_json.dumps({"command": command, "starts": starts}, indent=2) + "\n"
    whole.write(folder / FILE, text)


def read(folder: pathlib.Path) -> dict[str, Any]:
    """What `record` has written: `command` and `starts`.

    Raises:
      UserError: the file is damaged.
    """
    recorded = strict_json.read(folder / FILE, FORM, "remove the folder")
    return {"command": recorded["command"], "starts": recorded["starts"]}


def portable(program: pathlib.Path, arguments: tuple[str, ...]) -> str:
    """A command as one types it in the repository's folder, on any machine."""
    return shlex.join(["python", f"{program.parent.name}/{program.name}", *arguments])


def source() -> dict[str, Any]:
    """The commit that is checked out, and whether files differ from it (`dirty`).

    Both are None where there is no repository.
    """
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--", ".", *_NOT_CODE)
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def machine() -> dict[str, Any]:
    """Cores of the whole machine, its processor, and the versions that results may depend on."""
    return {"cores": os.cpu_count(), **surroundings.describe()}


def commits(provenances: list[dict[str, Any]]) -> list[str]:
    """The commits of some runs' starts in short, each once; with a mark where files differed."""
    starts = [start for provenance in provenances for start in provenance["starts"]]
    names = [
        f"{(start['commit'] or 'unknown')[:7]}{' with changes' if start['dirty'] else ''}"
        for start in starts
    ]
    return list(dict.fromkeys(names))
