"""Kills a machine of a Ray cluster in the middle of a run, which goes on on another.

  python tests/lost_machines.py

The machines are two nodes of one core each, in processes of their own on this machine. Two runs
are done at once. The node of one of them is killed, with all its processes but the run itself,
which must end by itself. Both runs must end as they do without a cluster, with one result each.
"""

import argparse
import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

ROOT = pathlib.Path(__file__).parent.parent
sys.path.append(str(ROOT))
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}

import kills
import psutil
import ray

from experiments.cluster import RayPool
from experiments.local import LocalPool
from experiments.runner import Runner
from experiments.study import Run

RUNS = [
    Run(
        f"CartPole-{seed}",
        (*kills.RUNS["CartPole"].split(), *kills.USUAL.split(), f"--seed={seed}"),
    )
    for seed in range(2)
]
# Seconds in which a node must be there, a run be at work, or its process be gone.
PATIENCE = 120.0


@contextlib.contextmanager
def cluster(count: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Starts a cluster of some nodes of one core, and kills what is left of it in the end.

    Returns:
      Its address, and the process that each node is started by, the head's first.
    """
    folder, port = tempfile.mkdtemp(prefix="ray-", dir="/tmp"), free_port()
    address, nodes = f"127.0.0.1:{port}", []
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    command += ["--object-store-memory=80000000"]
    head = ["--head", f"--port={port}", f"--temp-dir={folder}", "--include-dashboard=false"]
    try:
        for number in range(count):
            told = head if not number else [f"--address={address}"]
            with pathlib.Path(folder, f"node-{number}.log").open("w") as log:
                nodes.append(
                    subprocess.Popen([*command, *told], stdout=log, stderr=log, cwd=folder)
                )
            wait_for(lambda file=log.name: "runtime started" in pathlib.Path(file).read_text())
        yield address, nodes
    finally:
        for node in nodes:
            kill([node.pid, *map(lambda each: each.pid, below(node))])
            node.wait()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def below(process: subprocess.Popen) -> list[psutil.Process]:
    """The processes that a process has started, and those that these have."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()


def wait_for(happened: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.05)
