"""A real cluster, of two nodes of this machine; with a fake in place of run/main.py."""

import json
import pathlib
import shutil
import threading

import psutil
import pytest
import ray_nodes

pytest.importorskip("ray")

from experiments.cluster import RayPool
from experiments.runner import Runner
from experiments.study import Run

FAKE = pathlib.Path(__file__).with_name("fake_main.py")


def execute(runner, address, runs):
    pool = RayPool(address, str(runner.results.parent / "storage"))
    try:
        return runner.execute("test", runs, pool)
    finally:
        pool.stop()


def starts(runner, run):
    [kept] = runner.finished([run]).values()
    return len(kept.provenance["starts"])


def test_a_machine_is_lost_and_nothing_else(tmp_path):
    runner = Runner(tmp_path / "runs", tmp_path / "results", FAKE)
    storage, gate = tmp_path / "storage", tmp_path / "gate"
    runs = [Run(name, (f"--meet={gate}",)) for name in ("a", "b")]
    # One was begun here, without the cluster.
    begun = runner.run_folders / "b"
    (begun / "checkpoints").mkdir(parents=True)
    (begun / "checkpoints" / "ckpt-1.index").touch()
    lost = []

    def lose(node):
        for name in "ab":
            ray_nodes.wait_for(lambda name=name: (storage / name / "pid").exists())
        run = ray_nodes.run_of(node, FAKE.name)
        assert run is not None
        lost.append(pathlib.PurePath(run.cmdline()[-1]).name)
        # The run must end by itself.
        ray_nodes.kill([psutil.Process(node.pid), *set(ray_nodes.below(node)) - {run}])
        run.wait(timeout=30)
        gate.mkdir()
        (gate / "pid").touch()

    with ray_nodes.cluster(2) as (address, nodes):
        # This process belongs to the head.
        thread = threading.Thread(target=lose, args=(nodes[1],), daemon=True)
        thread.start()
        assert execute(runner, address, runs) == []
        thread.join()
        for run in runs:
            resumed = runner.finished(runs)[run.name].result["resumed"]
            assert starts(runner, run) == 1 + (run.name in lost)
            assert resumed == (run.name in (*lost, "b"))
        assert len(lost) == 1
        assert sorted(file.name for file in runner.results.iterdir()) == ["a.json", "b.json"]

        # What is finished in the storage is not done again, and what fails is told.
        shutil.rmtree(runner.results)
        shutil.rmtree(runner.run_folders)
        bad = Run("bad", ("--fail",))
        [failure] = execute(runner, address, [*runs, bad])
        log = runner.run_folders / "bad" / "log.txt"
        assert failure.reason == f"status 3: this went wrong ({log})"
        assert [starts(runner, run) for run in runs] == [1 + (run.name in lost) for run in runs]

        # Other flags are refused, and a run is ended when it is asked to.
        other = Run("a", ("--seed=7",))
        fresh = Runner(tmp_path / "fresh", tmp_path / "fresh-results", FAKE)
        [failure] = execute(fresh, address, [other])
        assert "choose another --storage" in failure.reason
        waits = Run("waits", ("--meet=nowhere",))
        pool = RayPool(address, str(storage))
        future = pool.submit(runner._job(waits))
        ray_nodes.wait_for(lambda: (storage / "waits" / "pid").exists())
        process = psutil.Process(int((storage / "waits" / "pid").read_text()))
        pool.stop()
        assert not process.is_running() and future.exception() is not None
        assert json.loads((storage / "waits" / "provenance.json").read_text())["starts"]
