"""What a machine of a cluster does: runs jobs in folders of its own, and keeps their copies."""

from collections.abc import Callable
import dataclasses
import os
import pathlib
import sys
import tempfile
import time

from experiments import job_process, provenance, result
from experiments.storage import Storage, TakenOver
from experiments.study import Job
from mgail_tf.errors import UserError

# Seconds between looks at a run.
INTERVAL = 0.5
# Seconds after which a failed copy of a run that has ended is tried again.
PATIENCE = (1, 10, 60)


def carry_out(
    job: Job,
    place: str,
    cores: int,
    workplace: str | None = None,
    look: Callable[[pathlib.Path], None] = lambda folder: None,
) -> int:
    """Runs a job in a temporary folder, and copies this to shared storage after each checkpoint.

    A run whose copy is there goes on from it; one that is finished there is not done again.

    Args:
      job: what is run; its folder is another machine's.
      place: of the copy.
      cores: how many it has for itself.
      workplace: where it is started, for paths among its arguments.
      look: is called now and then with the run's folder.

    Returns:
      Its exit status.

    Raises:
      TakenOver: the run goes on elsewhere, and this one was ended.
      UserError: the copy cannot be read, or the last state cannot be copied.
    """
    storage = Storage(place)
    storage.check_claimed()
    storage.claim()
    if workplace:
        _enter(workplace)
    with tempfile.TemporaryDirectory(prefix="mgail_tf-") as here:
        job = dataclasses.replace(job, folder=pathlib.Path(here, job.folder.name))
        job.folder.mkdir()
        storage.pull(job.folder)
        if result.is_finished(job.folder):
            look(job.folder)
            return 0
        with job_process.claimed(job.folder) as log:
            provenance.record(job.folder, job.command, cores)
            process = job_process.start(job, log, cores, is_attached=True)
            try:
                copied = None
                while process.poll() is None:
                    time.sleep(INTERVAL)
                    look(job.folder)
                    if (there := _checkpoints(job.folder)) != copied and _copy(storage, job.folder):
                        copied = there
            finally:
                job_process.end([process])
                _copy_at_last(storage, job.folder)
        look(job.folder)
    return process.returncode


def _enter(workplace: str) -> None:
    try:
        os.chdir(workplace)
    except OSError as error:
        raise UserError(f"{workplace} is not on every machine of the cluster") from error


def _checkpoints(folder: pathlib.Path) -> list[str]:
    return sorted(file.name for file in (folder / "checkpoints").glob("*.index"))


def _copy(storage: Storage, folder: pathlib.Path) -> bool:
    """Brings the copy up to date, and tells whether that was possible; the run can go on if not."""
    try:
        storage.push(folder)
    except TakenOver:
        raise
    except UserError as error:
        print(f"{folder.name}: {error}", file=sys.stderr, flush=True)
        return False
    return True


def _copy_at_last(storage: Storage, folder: pathlib.Path) -> None:
    for seconds in PATIENCE:
        if _copy(storage, folder):
            return
        time.sleep(seconds)
    storage.push(folder)
