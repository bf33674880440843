"""How far behavioural cloning comes: the policy's network fitted to what was demonstrated.

It is what imitation by a model and a discriminator has to beat; from few trajectories it should.
"""

from collections.abc import Mapping
import pathlib

from experiments import tables
from experiments.result import Result
from experiments.study import Run
from mgail_tf.commands import command_line

ENVS = "HalfCheetah", "Hopper"
NUM_TRAJECTORIES = 4, 1
SEEDS = range(5)


def name(env: str, trajectories: int, seed: int) -> str:
    """Names a run."""
    return f"{env}-{trajectories}-{seed}"


def runs(quick: bool) -> list[Run]:
    """A run for each task, number of trajectories and seed; a quick look has one seed."""
    return [
        Run(
            name(env, trajectories, seed),
            (
                f"--env={env}",
                "--algorithm=bc",
                f"--num_trajectories={trajectories}",
                f"--seed={seed}",
                "--film_every=0",
            ),
        )
        for env in ENVS
        for trajectories in NUM_TRAJECTORIES
        for seed in (SEEDS[:1] if quick else SEEDS)
    ]


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints the final normalised returns; draws nothing."""
    rows = []
    for env in ENVS:
        for trajectories in NUM_TRAJECTORIES:
            names = [name(env, trajectories, seed) for seed in SEEDS]
            known = [results[each].normalized_return for each in names if each in results]
            returns = tables.final_returns(results, names)
            rows.append((env, trajectories, returns, tables.mean_and_deviation(known)))
    command_line.print_table(("task", "trajectories", "normalised returns", "mean"), rows)
