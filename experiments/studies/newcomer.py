"""What a newcomer gets: experts written by hand, files of their own, default settings.

The demonstrations are made first, as the user's guide says:

    python experiments/hand_written.py
    for file in recordings/*; do
        name=$(basename "${file%.*}")
        python run/import_demonstrations.py --env $name --recording $file --out demonstrations/$name
    done
"""

from collections.abc import Mapping
import pathlib

import numpy as np

from experiments import hand_written, tables
from experiments.result import Result
from experiments.study import Run
from mgail_tf import seeds
from mgail_tf.commands import command_line

SEEDS = range(3)
STEPS = 50_000


def name(env: str, seed: int) -> str:
    """Names a run."""
    return f"{env}-{seed}"


def runs(quick: bool) -> list[Run]:
    """A run for each task and seed; a quick look has one seed."""
    return [
        Run(
            name(env, seed),
            (
                f"--env={env}",
                f"--expert_data=demonstrations/{env}",
                f"--total_steps={STEPS}",
                f"--seed={seed}",
            ),
        )
        for env in hand_written.EXPERTS
        for seed in (SEEDS[:1] if quick else SEEDS)
    ]


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints the policies' returns beside those of the experts from the same starts."""
    rows = []
    for env in hand_written.EXPERTS:
        found = [results[name(env, seed)].result for seed in SEEDS if name(env, seed) in results]
        if not found:
            continue
        starts = range(seeds.FINAL_SEED, seeds.FINAL_SEED + found[0]["episodes"])
        expert = np.mean([episode.rewards.sum() for episode in hand_written.play(env, starts)])
        random = found[0]["random_return_mean"]
        returns = [result["return_mean"] for result in found]
        normalized = [(value - random) / (expert - random) for value in returns]
        rows.append(
            (
                env,
                f"{expert:.1f}",
                f"{random:.1f}",
                " ".join(f"{value:.1f}" for value in returns),
                " ".join(map(tables.number, normalized)),
            )
        )
    header = "task", "expert, same 50 starts", "random", "returns", "normalised by them"
    command_line.print_table(header, rows)
