"""A Ray cluster of some nodes on this machine, each in processes of its own."""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import psutil

# Of the nodes, and of this process, which reads them when it imports Ray.
os.environ |= {
    # Nobody else can give these nodes work.
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    # Workers give way to all else otherwise, and never work on a machine that is busy.
    "RAY_worker_niceness": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
# Seconds in which something must happen, also on a machine that is busy with other things.
PATIENCE = 180.0
START = sys.executable, "-m", "ray.scripts.scripts", "start", "--block"
SMALL = "--num-cpus=1", "--object-store-memory=80000000"


@contextlib.contextmanager
def cluster(count: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Starts a cluster of nodes of one core, and kills what is left of it in the end.

    Returns:
      Its address, and the process that has started each node, the head's first.
    """
    # The paths of Ray's sockets must be short.
    folder, port = pathlib.Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp")), free_port()
    address, nodes = f"127.0.0.1:{port}", []
    head = "--head", f"--port={port}", f"--temp-dir={folder}", "--include-dashboard=false"
    try:
        for told in (head, *[(f"--address={address}",)] * (count - 1)):
            file = folder / f"node-{len(nodes)}.log"
            with file.open("w") as log:
                node = subprocess.Popen([*START, *SMALL, *told], stdout=log, stderr=log, cwd=folder)
            nodes.append(node)
            wait_for(lambda file=file: "Ray runtime started" in file.read_text())
        yield address, nodes
    finally:
        for node in nodes:
            kill([psutil.Process(node.pid), *below(node)])
            node.wait()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def below(node: subprocess.Popen) -> list[psutil.Process]:
    """The processes that a process has started, and those that these have."""
    return psutil.Process(node.pid).children(recursive=True)


def run_of(node: subprocess.Popen, program: str) -> psutil.Process | None:
    """The process of a node that runs a program; None if there is none."""
    for process in below(node):
        with contextlib.suppress(psutil.Error):
            # The one that becomes the program names it later.
            if any(word.endswith(program) for word in process.cmdline()[1:2]):
                return process
    return None


def kill(processes: Sequence[psutil.Process]) -> None:
    """Kills processes, all of them, as a loss of power does."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def wait_for(happened: Callable[[], object]) -> None:
    """Waits until something has happened."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.05)
