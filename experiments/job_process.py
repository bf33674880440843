"""Starts the processes of runs, and ends them."""

from collections.abc import Iterable, Iterator
import contextlib
import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import IO

from experiments import attached, provenance
from experiments.study import LOG, Job
from mgail_tf.errors import UserError

# Seconds between asking a process to end and ending it.
GRACE = 10.0


@contextlib.contextmanager
def claimed(folder: pathlib.Path) -> Iterator[IO[bytes]]:
    """Opens the log of a run's folder, which is made if there is none.

    A process inherits the lock with its output, and so keeps it even if the runner is killed.

    Raises:
      UserError: another process is at this run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOG).open("ab") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError("another process is at this run; end it first") from error
        yield log


def start(
    job: Job, log: IO[bytes], cores: int, is_attached: bool = False
) -> subprocess.Popen[bytes]:
    """Starts a job's command.

    Args:
      job: what is run.
      log: takes its output.
      cores: how many it has for itself.
      is_attached: whether it ends with the thread that calls this, also if that is killed.
    """
    before = sys.executable, attached.__file__, str(os.getpid())
    # In a group of its own, a process does not hear the terminal's Ctrl-C: `end` ends it, and
    # whatever it has started.
    return subprocess.Popen(
        (*(before if is_attached else ()), *job.words),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment(cores),
        process_group=0,
    )


def end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ends processes that `start` has started; those that have ended are left alone."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def environment(cores: int) -> dict[str, str]:
    """The environment variables of a process.

    They keep it to so many threads at work, and have it import the library from this folder, whose
    commit is recorded, even where another version is installed.
    """
    names = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
    return os.environ | dict.fromkeys(names, str(cores)) | python_path()


def python_path() -> dict[str, str]:
    """The environment variable that has Python import from this folder first."""
    paths = [str(provenance.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
