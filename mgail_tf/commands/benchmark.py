"""Measures what a run's time goes to: --env HalfCheetah --json speed.json."""

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
import multiprocessing
import os
import pathlib
import sys
import time
from typing import Any

from absl import flags

from mgail_tf import surroundings, whole, writable
from mgail_tf.commands import benchmark_settings, benchmark_tables, command_line
from mgail_tf.config import Config
from mgail_tf.errors import UserError
from mgail_tf.quiet import quiet
from mgail_tf.strict_json import dumps
from mgail_tf.tasks import TASKS

ENV = flags.DEFINE_list("env", list(TASKS), "tasks of the paper, one after another")
PRESET = flags.DEFINE_list("preset", ["default"], "presets, one after another: default, paper")
TOTAL_STEPS = flags.DEFINE_integer(
    "total_steps",
    None,
    "budget of environment steps; 0: a run's own (default: 40 rounds after the first; of the "
    "paper's preset four turns of the policy)",
    lower_bound=0,
)
SEED = flags.DEFINE_integer("seed", 0, "seed of the runs")
JSON = flags.DEFINE_string("json", None, "file that everything that was measured is written to")


def measure(config: Config) -> dict[str, Any]:
    """What a run in a process of its own has measured; see `benchmarked_run.measure`.

    Raises:
      UserError: the run cannot be made, or its process has died.
    """
    run = config.run
    print(f"measuring {run.env}, {run.preset}", file=sys.stderr, flush=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as process:
        try:
            return process.submit(_measure, config, time.time()).result()
        except BrokenProcessPool as error:
            raise UserError(f"the run of {run.env} has ended early; was it killed?") from error


def _measure(config: Config, started: float) -> dict[str, Any]:
    with quiet():
        from mgail_tf.commands import benchmarked_run

        return benchmarked_run.measure(config, started)


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    usable = hasattr(os, "sched_getaffinity")
    return {
        "cores": len(os.sched_getaffinity(0)) if usable else os.cpu_count(),
        **surroundings.describe(),
    }


def main() -> None:
    wanted = [
        benchmark_settings.configure(env, preset, TOTAL_STEPS.value, SEED.value)
        for env in ENV.value
        for preset in PRESET.value
    ]
    if JSON.value and not writable.is_file_possible(JSON.value):
        raise UserError(f"--json={JSON.value}: cannot be written")
    # Those that are not shipped are drawn once, which is no part of a run.
    from mgail_tf.data import experts

    for config in wanted:
        experts.demonstrations(config.run.env, config.run.num_trajectories)
    runs = [measure(config) for config in wanted]
    if JSON.value:
        text = dumps({"machine": machine(), "runs": runs}, indent=2)
        whole.write(pathlib.Path(JSON.value), text + "\n")
    benchmark_tables.print_tables(runs)


def program() -> None:
    """The console command."""
    command_line.run(main)
