"""Kills a machine of a Ray cluster in the middle of a run, which goes on on another.

  python tests/lost_machines.py

Two runs are done at once on two nodes of one core each. The node of one of them is killed, with all
of its processes but the run itself, which must end with it. Both runs must end as they do without
a cluster, and have one result each. Exits with 1 if anything is otherwise.
"""

from collections.abc import Iterator
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).parent.parent))

import kills
import psutil
import ray_nodes

from experiments.cluster import RayPool
from experiments.local import LocalPool
from experiments.runner import Runner
from experiments.study import Pool, Run

FLAGS = (*kills.RUNS["CartPole"].split(), *kills.USUAL.split())
RUNS = [Run(f"CartPole-{seed}", (*FLAGS, f"--seed={seed}")) for seed in range(2)]


def execute(runner: Runner, runs: list[Run], pool: Pool) -> None:
    """Does runs, and tells how long it took."""
    began = time.monotonic()
    try:
        failures = runner.execute(type(pool).__name__, runs, pool)
    finally:
        pool.stop()
    print(f"{type(pool).__name__}: {time.monotonic() - began:.0f} s", flush=True)
    assert not failures, failures


def lose(node: subprocess.Popen, storage: pathlib.Path) -> str:
    """Kills a node in the middle of a run; returns the run's name."""
    ray_nodes.wait_for(lambda: ray_nodes.run_of(node, "main.py"))
    run = ray_nodes.run_of(node, "main.py")
    assert run is not None
    name = pathlib.PurePath(run.cmdline()[-1]).name
    lines = storage / name / "metrics.jsonl"
    ray_nodes.wait_for(lambda: lines.exists() and len(lines.read_text().splitlines()) > 2)
    workers = run.children(recursive=True)
    ray_nodes.kill([psutil.Process(node.pid), *set(ray_nodes.below(node)) - {run, *workers}])
    _, alive = psutil.wait_procs([run, *workers], timeout=kills.PATIENCE)
    assert not alive, f"{alive} outlive their node"
    print(f"the node of {name} was killed after {len(lines.read_text().splitlines())} evaluations")
    return name


def faults(runner: Runner, whole: Runner, lost: str) -> Iterator[str]:
    """What is not as it should be."""
    results = runner.finished(RUNS)
    if sorted(each.name for each in runner.results.iterdir()) != [f"{r.name}.json" for r in RUNS]:
        yield "not one result for each run"
    for run in RUNS:
        starts = len(results[run.name].provenance["starts"])
        if starts != 1 + (run.name == lost):
            yield f"{run.name} was started {starts} times"
        folders = (each.run_folders / run.name for each in (runner, whole))
        for each in kills.differences(*folders):
            yield f"{run.name}: {each}"


def main() -> int:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lost-"))
    print(f"run folders and logs: {folder}", flush=True)
    runner, whole = (
        Runner(folder / name, folder / f"{name}-results") for name in ("lost", "whole")
    )
    with ray_nodes.cluster(2) as (address, nodes):
        pool, lost = RayPool(address, str(folder / "storage")), []
        # This process belongs to the head.
        killer = threading.Thread(
            target=lambda: lost.append(lose(nodes[1], folder / "storage")), daemon=True
        )
        killer.start()
        execute(runner, RUNS, pool)
        killer.join()
    execute(whole, RUNS, LocalPool(len(RUNS)))
    found = list(faults(runner, whole, *lost)) if lost else ["no node was killed"]
    print("; ".join(found) or "as if it had not been killed")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
