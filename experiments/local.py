"""Runs command lines on this machine, some at once, each on cores of its own."""

import concurrent.futures
import os
import queue
import subprocess
import threading

from experiments import job_process, provenance
from experiments.study import Job


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
        job_process.end(running)
        self._executor.shutdown()

    def _settle(self) -> None:
        # Affinity is a thread's own on Linux, and what a thread starts inherits it.
        self._thread.cores = self._shares.get()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self._thread.cores)

    def _run(self, job: Job) -> int:
        cores = len(self._thread.cores)
        with job_process.claimed(job.folder) as log:
            provenance.record(job.folder, job.command, cores)
            with self._lock:
                if self._stopped:
                    raise concurrent.futures.CancelledError
                process = job_process.start(job, log, cores)
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


def _available_cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
