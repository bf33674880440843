"""Stands for run/main.py: writes what a run writes, and does what its flags and environment say.

--fail: fails. --die_first: is killed at its first start, half-way. --meet=NAME: goes on only when
the run of that name is at work, too, or a file NAME/pid is there. SLEEP in the environment: sleeps
until it is ended.
"""

import json
import os
import pathlib
import signal
import sys
import time

words = [word.removeprefix("--").partition("=") for word in sys.argv[1:]]
told = {name: value for name, _, value in words}
folder = pathlib.Path(told["logdir"])
checkpoint = folder / "checkpoints" / "ckpt-1.index"
resumed = checkpoint.exists()
with (folder.parent / "order.txt").open("a") as order:
    order.write(f"{folder.name}\n")
threads = {name: value for name, value in os.environ.items() if name.endswith("_THREADS")}
cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
(folder / "share.json").write_text(json.dumps({"cores": cores, "threads": threads}))
(folder / "path.json").write_text(json.dumps(sys.path))
(folder / "pid").write_text(str(os.getpid()))
# The last of all: when it is there, a copy is made.
checkpoint.parent.mkdir(exist_ok=True)
checkpoint.touch()
print("at work")
if "SLEEP" in os.environ:
    time.sleep(600)
if "fail" in told:
    print("  0%\r 50%\rthis went wrong\n", file=sys.stderr)
    sys.exit(3)
if "die_first" in told and not resumed:
    os.kill(os.getpid(), signal.SIGKILL)
if "meet" in told:
    deadline = time.monotonic() + 60
    while not (folder.parent / told["meet"] / "pid").exists():
        assert time.monotonic() < deadline, "the other never came"
        time.sleep(0.01)
distance = {"imitation_distance": abs(float(told.get("noise_stddev", 0.3)) - 0.3)}
lines = [
    {
        "env_steps": steps,
        **distance,
        "normalized_return": level,
        "return_standard_error": 2.0,
        "loss": 1.0,
    }
    for steps, level in ((100, None), (200, 0.5))
]
(folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
means = {"return_mean": 20.0, "expert_return_mean": 30.0, "random_return_mean": -10.0}
means |= {
    "env": told.get("env", "Hopper"),
    "seed": int(told.get("seed", 0)),
    "episodes": 50,
    "env_steps": 200,
}
outcome = {"wall_seconds": 60.0, "normalized_return": 0.75, "resumed": resumed, **distance, **means}
(folder / "result.json").write_text(json.dumps(outcome))
