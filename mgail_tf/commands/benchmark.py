"""Measures what a run's time goes to: --env HalfCheetah --json speed.json."""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import metadata
import multiprocessing
import os
import pathlib
import platform
import sys
import time
from typing import Any

from absl import flags

from mgail_tf import __version__
from mgail_tf import config as configs
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.commands import command_line
from mgail_tf.config import Config
from mgail_tf.errors import UserError
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

ROUNDS, TURNS = 40, 4

# A column's header, the keys of its number in a run's record, and how that is written.
Column = tuple[str, tuple[str, ...], str]
RATES: tuple[Column, ...] = (
    ("steps/s", ("steps_per_second",), "{:,.0f}"),
    ("bare simulator, steps/s", ("bare_simulator_steps_per_second",), "{:,.0f}"),
    ("policy, updates/s", ("updates_per_second", "policy"), "{:,.0f}"),
    ("discriminator, updates/s", ("updates_per_second", "discriminator"), "{:,.0f}"),
    ("forward model, updates/s", ("updates_per_second", "forward_model"), "{:,.0f}"),
    ("MFLOP/step", ("mflop_per_step",), "{:,.1f}"),
    ("memory, MiB", ("peak_memory_mib", "process"), "{:,.0f}"),
    ("largest child's", ("peak_memory_mib", "largest_child"), "{:,.0f}"),
)
SHARES: tuple[Column, ...] = (
    ("wall", ("wall_seconds",), "{:,.1f} s"),
    ("simulator", ("shares", "simulator"), "{:.1%}"),
    ("updates", ("shares", "updates"), "{:.1%}"),
    ("acting", ("shares", "acting"), "{:.1%}"),
    ("evaluation", ("shares", "evaluation"), "{:.1%}"),
    ("start-up", ("shares", "start_up"), "{:.1%}"),
    ("elsewhere", ("shares", "elsewhere"), "{:.1%}"),
    ("cores busy", ("cores_busy",), "{:.2f}"),
)


def configure(env: str, preset: str, total_steps: int | None, seed: int) -> Config:
    """The settings of a run; evaluations come as often as in a run with its own budget.

    Args:
      env: a task.
      preset: of the settings.
      total_steps: budget; 0: the run's own; None: a small one that suffices.
      seed: of the run.

    Raises:
      UserError: there is no such task or preset, or the budget is too small.
    """
    if env not in TASKS:
        raise UserError(f"`env={env}`: use tasks of the paper, {', '.join(TASKS)}")
    whole = configs.make(env=env, preset=preset, seed=seed)
    if total_steps == 0:
        return whole
    learner = whole.learner
    if isinstance(learner, MGAILOptions):
        round_steps = learner.acting.steps_per_round
        least, sensible = 2 * round_steps, (1 + ROUNDS) * round_steps
    else:
        assert isinstance(learner, AuthorsOptions)  # It is the only other preset's.
        turn = learner.turn_iterations * learner.policy_segments * learner.segment_length
        least, sensible = learner.least_steps, learner.least_steps + TURNS * turn
    steps = sensible if total_steps is None else total_steps
    if steps < least:
        raise UserError(f"`total_steps={steps}`: {env} needs {least} to be measured")
    every = whole.run.total_steps // 20
    return configs.make(env=env, preset=preset, seed=seed, total_steps=steps, evaluate_every=every)


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
    with command_line.quiet():
        from mgail_tf.commands import benchmarked_run

        return benchmarked_run.measure(config, started)


def print_tables(runs: Iterable[dict[str, Any]]) -> None:
    """Prints one table of rates, and one of shares."""
    runs = list(runs)
    for columns in RATES, SHARES:
        header = ["task", "preset", *(name for name, *_ in columns)]
        rows = (
            [run["env"], run["preset"], *(_cell(run, keys, form) for _, keys, form in columns)]
            for run in runs
        )
        command_line.print_table(header, rows)
        print()


def _cell(run: Any, keys: Iterable[str], form: str) -> str:
    for key in keys:
        run = run[key]
    return "not known" if run is None else form.format(run)


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    usable = hasattr(os, "sched_getaffinity")
    return {
        "cores": len(os.sched_getaffinity(0)) if usable else os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "tensorflow": metadata.version("tensorflow"),
        "mgail_tf": __version__,
    }


def main() -> None:
    wanted = [
        configure(env, preset, TOTAL_STEPS.value, SEED.value)
        for env in ENV.value
        for preset in PRESET.value
    ]
    file = _writable(JSON.value) if JSON.value else None
    # Those that are not shipped are drawn once, which is no part of a run.
    from mgail_tf.data import experts

    for config in wanted:
        experts.demonstrations(config.run.env, config.run.num_trajectories)
    runs = [measure(config) for config in wanted]
    if file:
        file.write_text(dumps({"machine": machine(), "runs": runs}, indent=2) + "\n")
    print_tables(runs)


def _writable(path: str) -> pathlib.Path:
    file = pathlib.Path(path)
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UserError(f"`json={path}`: cannot be written")
    return file


def program() -> None:
    """The console command."""
    command_line.run(main)
