"""The authors' loop, beside what their own code does: Hopper, and three further tasks.

Their code was run on the demonstrations that are in this repository; its curve is a file in docs/.
"""

from collections.abc import Mapping
import csv
import pathlib

from absl import flags
import numpy as np

from experiments import tables
from experiments.provenance import ROOT
from experiments.result import Result
from experiments.study import Run
from mgail_tf.commands import command_line
from mgail_tf.errors import UserError

AUTHORS_CURVE = flags.DEFINE_string(
    "authors_curve",
    str(ROOT / "docs" / "authors_code_hopper.csv"),
    "curve of the authors' code on Hopper, a .csv with env_steps and normalised_return",
)

SEEDS = range(3)
OTHERS = "HalfCheetah", "Walker2d", "CartPole"
HALF_A_MILLION = 500_000


def runs(quick: bool) -> list[Run]:
    """Hopper's seeds, then one of each other task; a quick look has a tenth of one seed."""
    if quick:
        return [_run("Hopper", 0, 300_000)]
    return [
        *(_run("Hopper", seed, 3_000_000) for seed in SEEDS),
        *(_run(env, 0, 1_000_000) for env in OTHERS),
    ]


def _run(env: str, seed: int, total_steps: int) -> Run:
    return Run(
        f"{env}-{seed}",
        (
            "--preset=paper",
            f"--env={env}",
            f"--seed={seed}",
            f"--total_steps={total_steps}",
            "--evaluate_every=30000",
            "--evaluation_episodes=1",
            "--film_every=0",
        ),
    )


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints the levels of Hopper beside those of the authors' code, then of the other tasks."""
    hopper = {seed: results[f"Hopper-{seed}"] for seed in SEEDS if f"Hopper-{seed}" in results}
    steps, returns = _authors_curve(pathlib.Path(AUTHORS_CURVE.value))
    rows = [("the authors' code, seed 0", *_levels(steps, returns), tables.EMPTY, tables.EMPTY)]
    for seed, result in hopper.items():
        rows.append((f"seed {seed}", *_levels(result.steps, result.returns), *_end(result)))
    if hopper:
        found = list(hopper.values())
        steps = np.concatenate([result.steps for result in found])
        returns = np.concatenate([result.returns for result in found])
        rows.append(("all seeds", *_levels(steps, returns), tables.EMPTY, tables.EMPTY))
    command_line.print_table(("Hopper", *_HEADER), rows)
    print()
    others = [
        (env, *_levels(result.steps, result.returns), *_end(result))
        for env in OTHERS
        if (result := results.get(f"{env}-0")) is not None
    ]
    if others:
        command_line.print_table(("other tasks, seed 0", *_HEADER), others)


_HEADER = (
    *(f"{half / 2:g}-{(half + 1) / 2:g} M" for half in range(6)),
    "from 0.5 M on",
    "best episode",
    "episodes from 0.9 on",
    "final policy",
    "steps/s",
)


def _levels(steps: np.ndarray, returns: np.ndarray) -> tuple[str, ...]:
    """The mean of the evaluations in each half million steps and after the first, and the best."""
    half = (steps - 1) // HALF_A_MILLION
    return (
        *(tables.mean(returns[half == index]) for index in range(6)),
        tables.mean(returns[half > 0]),
        tables.number(float(returns.max()), 2),
        f"{np.count_nonzero(returns >= 0.9)} of {len(returns)}",
    )


def _end(result: Result) -> tuple[str, str]:
    """The final policy's level, and how fast the run was, its evaluations apart."""
    told = result.result
    seconds = told["wall_seconds"] - told.get("evaluation_seconds", 0)
    return tables.number(result.normalized_return, 2), f"{told['env_steps'] / seconds:,.0f}"


def _authors_curve(file: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Environment steps and normalised returns of a .csv; lines that begin with # are comments.

    Raises:
      UserError: there is no such curve.
    """
    try:
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        points = [
            (int(row["env_steps"]), float(row["normalised_return"]))
            for row in csv.DictReader(lines)
        ]
        steps, returns = zip(*points, strict=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"--authors_curve={file}: no curve there ({error!r})") from error
    return np.array(steps), np.array(returns)
