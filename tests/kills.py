"""Kills runs at random moments, ends them by repeating their commands, and compares how they end.

  python tests/kills.py --kills 60

An ended run must be that of the same command that nobody killed, but for what is called seconds:
the weights and all else that its checkpoint holds, `saved_model`, `metrics.jsonl`, `result.json`.
Exits with 1 if anything differs, or if a worker outlives its run.
"""

import argparse
from collections.abc import Iterator
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import psutil
import tensorflow as tf

ROOT = pathlib.Path(__file__).parent.parent
# Seconds each, most of which are the start: short segments are traced sooner.
USUAL = "--evaluation_episodes=2 --final_episodes=3 --film_every=2 --checkpoint_minutes=0.02"
RUNS = {
    "CartPole": "--env=CartPole --total_steps=1440 --evaluate_every=400 --segment_length=3",
    "HalfCheetah": "--env=HalfCheetah --total_steps=1440 --evaluate_every=500 --segment_length=3",
    "paper": "--env=Hopper --preset=paper --total_steps=3000 --evaluate_every=700 "
    "--replay_steps=500 --preparation_iterations=20 --turn_iterations=10 --test_interval=50",
}
# How often a run is killed until it is left alone, and when: anywhere between its start and its
# end; while it writes a checkpoint, or a policy; or while the policy is evaluated.
KILLS_PER_RUN = 2
MOMENTS = ("anywhere", "anywhere", "checkpoint", "export", "evaluation")
# Seconds in which a worker must be gone after its run.
PATIENCE = 5.0


def start(name: str, folder: pathlib.Path) -> subprocess.Popen:
    """Starts a run, or goes on with it."""
    settings = [*RUNS[name].split(), *USUAL.split(), f"--logdir={folder}"]
    with (folder.with_suffix(".log")).open("a") as log:
        return subprocess.Popen(
            [sys.executable, ROOT / "run" / "main.py", *settings], stdout=log, stderr=log
        )


def wait_for(moment: str, folder: pathlib.Path, seconds: float, run: subprocess.Popen) -> None:
    """Waits for a moment of a run, not beyond its end.

    Args:
      moment: one of `MOMENTS`.
      folder: the run folder.
      seconds: how long it takes until the moment at most, but for a sign that is waited for.
      run: its process.
    """
    until = time.monotonic() + random.uniform(0.0, seconds)
    while time.monotonic() < until and run.poll() is None:
        time.sleep(0.01)
    signs = {
        "checkpoint": folder / "checkpoints" / "unfinished",
        "export": folder / "unfinished-saved_model",
        "evaluation": folder / "unfinished-saved_model",
    }
    if moment in signs:
        while not signs[moment].exists() and run.poll() is None:
            time.sleep(0.0005)
        time.sleep(random.uniform(0.0, 1.0 if moment == "evaluation" else 0.02))


def kill(run: subprocess.Popen) -> list[str]:
    """Kills a run, unless it has ended; returns what of it is still there a little later."""
    if run.poll() is not None:
        return []
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGKILL)
    run.wait()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    return [f"process {each.pid} outlives its run" for each in alive]


def differences(folder: pathlib.Path, whole: pathlib.Path) -> Iterator[str]:
    """What two run folders differ in that they should not."""
    for file in "metrics.jsonl", "result.json":
        lines = [[*map(without_seconds, values(each / file))] for each in (folder, whole)]
        if lines[0] != lines[1]:
            yield f"{file}: {lines[0]}, not {lines[1]}"
    policies = [each / "saved_model" / "variables" for each in (folder, whole)]
    for file in policies[1].iterdir():
        if (policies[0] / file.name).read_bytes() != file.read_bytes():
            yield f"{file.name} of the policy"
    states = [state(each / "checkpoints") for each in (folder, whole)]
    for name in states[0].keys() | states[1].keys():
        if states[0].get(name) != states[1].get(name):
            yield f"{name}: {states[0].get(name)}, not {states[1].get(name)}"[:300]


def values(file: pathlib.Path) -> list[Any]:
    """What JSON files have: one value, or one in each line."""
    text = file.read_text()
    return (
        [json.loads(line) for line in text.splitlines()]
        if "l" in file.suffix
        else [json.loads(text)]
    )


def without_seconds(value: Any) -> Any:
    """A value of JSON without what no two runs share."""
    if isinstance(value, dict):
        return {k: without_seconds(v) for k, v in value.items() if "seconds" not in k}
    return [*map(without_seconds, value)] if isinstance(value, list) else value


def state(checkpoints: pathlib.Path) -> dict[str, Any]:
    """What the newest checkpoint holds, by name."""
    reader = tf.train.load_checkpoint(str(checkpoints))
    found: dict[str, Any] = {}
    for name in reader.get_variable_to_shape_map():
        if "seconds" not in name and "OBJECT_GRAPH" not in name:
            content = np.asarray(reader.get_tensor(name))
            try:
                found[name] = without_seconds(json.loads(content.item()))
            except (ValueError, TypeError):  # It is not the JSON of a Python object.
                found[name] = content.tobytes()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=6, help="how many")
    parser.add_argument("--seed", type=int, default=None, help="of the moments")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    folder, faults = pathlib.Path(tempfile.mkdtemp(prefix="kills-")), 0
    print(f"run folders and logs: {folder}", flush=True)
    seconds = {}
    for name in RUNS:
        began = time.monotonic()
        if start(name, folder / name).wait():
            print((folder / f"{name}.log").read_text())
            return 1
        seconds[name] = time.monotonic() - began
        print(f"{name}: {seconds[name]:.0f} s", flush=True)
    for number in range(0, arguments.kills, KILLS_PER_RUN):
        name = [*RUNS][number // KILLS_PER_RUN % len(RUNS)]
        run_folder, found = folder / f"{name}-{number}", []
        left = seconds[name]
        for _ in range(min(KILLS_PER_RUN, arguments.kills - number)):
            moment, began = random.choice(MOMENTS), time.monotonic()
            run = start(name, run_folder)
            # Signs come before the end, and a resumed run has less to do.
            left *= 0.7
            wait_for(moment, run_folder, left, run)
            what = "killed" if run.poll() is None else "it had ended"
            found += kill(run)
            after = f"after {time.monotonic() - began:.2f} s"
            print(f"{name}-{number}: {what} {after} ({moment})", flush=True)
        if status := start(name, run_folder).wait():
            found.append(f"exit status {status}")
        else:
            found += differences(run_folder, folder / name)
        print(f"{name}-{number}: {'; '.join(found) or 'as if it had not been killed'}", flush=True)
        faults += bool(found)
    print(f"{arguments.kills} kills, {faults} runs with faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
