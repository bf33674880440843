"""Runs command lines on a cluster through Ray; what is lost with a machine goes on on another."""

from collections.abc import Iterator
import concurrent.futures
import contextlib
import os
import secrets
import signal
import threading
from typing import Any

import grpc

from experiments import job_process
from experiments.study import Job
from mgail_tf import extras, whole
from mgail_tf.errors import UserError

# Ray tells its makers how it is used, unless it is told not to.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
with extras.needed("--cluster", "cluster"):
    import ray
    from ray.exceptions import RayError

    from experiments import node
    from experiments.storage import Storage, check_writable  # It needs fsspec, which Ray brings.

# How many machines, or workers, a run may lose.
RETRIES = 20
# Seconds in which a cluster must answer.
PATIENCE = 10.0
# Seconds for runs to end, and to be copied, before they are killed.
GRACE = job_process.GRACE + 20.0


class RayPool:
    """A `study.Pool` of tasks of a Ray cluster.

    A task works in a temporary folder of its machine, and keeps a copy in storage up to date; see
    `node.carry_out`. Ray starts it anew elsewhere if its worker is lost, and it goes on from the
    copy. When it is over, the copy is copied to the job's folder here.

    Args:
      address: of the cluster, HOST:PORT; this machine must be one of it.
      storage: holds the copies, a folder for each run; anything that fsspec understands.
      processes: how many run at once; None for as many as the cluster has cores for now.
      cores: how many each has for itself.

    Raises:
      UserError: the storage cannot be written, or there is no such cluster.
    """

    def __init__(self, address: str, storage: str, processes: int | None = None, cores: int = 1):
        connect(address, storage)
        self._storage, self._cores = Storage(storage).place, cores
        self.processes = processes or max(1, int(ray.cluster_resources().get("CPU", 0)) // cores)
        remote = ray.remote(num_cpus=cores, max_retries=RETRIES)
        self._task: Any = remote(node.carry_out)
        self._executor = concurrent.futures.ThreadPoolExecutor(self.processes)
        self._lock, self._stopped = threading.Lock(), False
        self._running: set[ray.ObjectRef] = set()

    def submit(self, job: Job) -> concurrent.futures.Future[int]:
        """Runs a job's command when its turn comes; the future's result is the exit status."""
        return self._executor.submit(self._run, job)

    def stop(self) -> None:
        """Ends what runs, drops what waits, and leaves the cluster."""
        with self._lock:
            self._stopped, running = True, list(self._running)
        self._executor.shutdown(wait=False, cancel_futures=True)
        for task in running:
            ray.cancel(task)
        if running:
            _, left = ray.wait(running, num_returns=len(running), timeout=GRACE)
            for task in left:
                ray.cancel(task, force=True)
        self._executor.shutdown()
        ray.shutdown()

    def _run(self, job: Job) -> int:
        name = job.folder.name
        storage = Storage(f"{self._storage}/{name}")
        with job_process.claimed(job.folder):
            storage.check(job.command)
            storage.claim()
            if not storage.is_begun():
                storage.push(job.folder)  # What was begun here goes on there.
            with self._lock:
                if self._stopped:
                    raise concurrent.futures.CancelledError
                task = self._task.remote(job, storage.place, self._cores, os.getcwd())
                self._running.add(task)
            try:
                status = ray.get(task)
            except RayError as error:
                raise UserError(_reason(error)) from error
            finally:
                with self._lock:
                    self._running.discard(task)
            aside = job.folder.with_name(f"unfinished-{name}")
            with whole.replaced(job.folder, aside):
                storage.pull(aside)
        return status


@contextlib.contextmanager
def joined(address: str | None, storage: str) -> Iterator[None]:
    """Makes this process a driver of a Ray cluster, for what is within; see `connect`."""
    connect(address, storage)
    try:
        yield
    finally:
        ray.shutdown()


def connect(address: str | None, storage: str) -> None:
    """Makes this process a driver of a Ray cluster.

    Args:
      address: of the cluster; None for one of this machine alone, which ends with this process.
      storage: what it is to write to.

    Raises:
      UserError: there is no cluster, this machine is none of it, or the storage cannot be written.
    """
    check(address, storage)
    if address is None:
        # Ray keeps one in the user's home otherwise, which changes what other clusters ask for.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        # Its workers would give way to all else.
        os.environ.setdefault("RAY_worker_niceness", "0")
    # Ray has its own idea of SIGTERM.
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level="ERROR",
            # Workers import what this process does.
            runtime_env={"env_vars": job_process.python_path()},
        )
    except (OSError, RayError, RuntimeError, ValueError) as error:
        raise UserError(f"--cluster={address or ''}: {_reason(error)}") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def check(address: str | None, storage: str) -> None:
    """Checks what `connect` needs, as far as that takes no time; Ray would try for two minutes.

    Raises:
      UserError: as `connect`.
    """
    check_writable(storage)
    if address is None:
        return
    try:
        with grpc.insecure_channel(address) as channel:
            # The health check of gRPC, which every server of Ray's has.
            channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=PATIENCE)
    except (grpc.RpcError, ValueError) as error:
        if isinstance(error, grpc.Call) and error.code() == grpc.StatusCode.UNAUTHENTICATED:
            return  # It is one that asks for a token, which Ray knows.
        raise UserError(
            f"--cluster={address}: no Ray cluster answers there; HOST:PORT is what "
            "`ray start --head` says, 6379 unless another port was asked for"
        ) from error


def _reason(error: Exception) -> str:
    """The last line of an error; Ray puts the worker's traceback before it."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[-1] if lines else repr(cause)
