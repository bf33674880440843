"""Measures how much more two nodes of one core do than one: python tests/cluster_throughput.py.

The same runs of CartPole are done on one node and on two. What is printed are the environment steps
of all runs by the seconds between the first start and the last end, and the machine's load.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).parent.parent))

import ray_nodes

from experiments.cluster import RayPool
from experiments.runner import Runner
from experiments.study import Run

STEPS = 2_400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4, help="how many")
    count = parser.parse_args().runs
    flags = "--env=CartPole", f"--total_steps={STEPS}", "--film_every=0", "--noevaluation_process"
    runs = [Run(f"CartPole-{seed}", (*flags, f"--seed={seed}")) for seed in range(count)]
    for nodes in 1, 2:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="throughput-"))
        with ray_nodes.cluster(nodes) as (address, _):
            pool = RayPool(address, str(folder / "storage"))
            began = time.monotonic()
            try:
                failures = Runner(folder / "runs", folder / "results").execute("runs", runs, pool)
            finally:
                pool.stop()
            seconds = time.monotonic() - began
        assert not failures, failures
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        speed = f"{count * STEPS / seconds:.1f} steps a second"
        print(f"{nodes} nodes: {count} runs, {seconds:.0f} s, {speed}; load {load}", flush=True)


if __name__ == "__main__":
    main()
