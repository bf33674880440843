"""Runs command lines on this machine, some at once, each on cores of its own."""

import concurrent.futures
import fcntl
import os
import queue
import signal
import subprocess
import threading
import time
from typing import IO

from experiments import provenance
from experiments.study import LOG, Job
from mgail_tf.errors import UserError

# Seconds between asking a process to end and ending it.
GRACE = 10.0


class LocalPool:
    """A `study.Pool` of processes of this machine.

    Each process is pinned to its share of the cores, where the system can do that, and told to
    have no more threads than these: TensorFlow takes all cores for each process otherwise, and two
    of them are then slower than one after the other.

    Args:
      processes: how many run at once.
    """

    def __init__(self, processes: int):
        self.processes = processes
        self._shares: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for cores in divide(_available_cores(), processes):
            self._shares.put(cores)
        self._thread = threading.local()
        self._executor = concurrent.futures.ThreadPoolExecutor(processes, initializer=self._settle)
        self._lock, self._stopped = threading.Lock(), False
        self._running: set[subprocess.Popen[bytes]] = set()

    def submit(self, job: Job) -> concurrent.futures.Future[int]:
        """Runs a job's command when its turn comes; the future's result is the exit status."""
        return self._executor.submit(self._run, job)

    def stop(self) -> None:
        """Ends what runs and drops what waits."""
        with self._lock:
            self._stopped, running = True, list(self._running)
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
        self._executor.shutdown()

    def _settle(self) -> None:
        # Affinity is a thread's own on Linux, and what a thread starts inherits it.
        self._thread.cores = self._shares.get()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self._thread.cores)

    def _run(self, job: Job) -> int:
        cores = len(self._thread.cores)
        job.folder.mkdir(parents=True, exist_ok=True)
        with (job.folder / LOG).open("ab") as log:
            _claim(log)
            provenance.record(job.folder, job.command, cores)
            with self._lock:
                if self._stopped:
                    raise concurrent.futures.CancelledError
                # In a group of its own, a process does not hear the terminal's Ctrl-C: `stop` ends
                # it, and whatever it has started.
                process = subprocess.Popen(
                    job.arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment(cores),
                    process_group=0,
                )
                self._running.add(process)
            status = process.wait()
        with self._lock:
            self._running.discard(process)
        return status


def divide(cores: list[int], processes: int) -> list[list[int]]:
    """Shares out cores, evenly; where there are fewer than processes, some share one."""
    count = len(cores)
    if processes > count:
        return [[cores[index % count]] for index in range(processes)]
    ends = [index * count // processes for index in range(processes + 1)]
    return [cores[first:last] for first, last in zip(ends, ends[1:], strict=False)]


def environment(cores: int) -> dict[str, str]:
    """The environment variables of a process.

    They keep it to so many threads at work, and have it import the library from this folder, whose
    commit is recorded, even where another version is installed.
    """
    names = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
    paths = [str(provenance.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    path = {"PYTHONPATH": os.pathsep.join(paths)}
    return os.environ | dict.fromkeys(names, str(cores)) | path


def _available_cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _claim(log: IO[bytes]) -> None:
    # The process inherits the lock with its output, and so keeps it even if the runner is killed.
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError("another process is at this run; end it first") from error


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
