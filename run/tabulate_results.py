"""Prints the finished runs below a folder as the README's tables: --runs runs."""

import itertools
import json
import pathlib

from absl import flags
import command_line

from mgail_tf.config import TASKS
from mgail_tf.errors import UserError

RUNS = flags.DEFINE_string("runs", "runs", "folder of run folders")

HEADER = "seed", "normalised return", "return", "environment steps", "of these to 0.95", "wall"


def row(result):
    """The cells of one run's line."""
    reached = result["steps_to_95"]
    normalized = result["normalized_return"]
    return (
        result["seed"],
        "not known" if normalized is None else f"{normalized:.3f}",
        f"{result['return_mean']:,.0f} +- {result['return_std']:,.0f}",
        f"{result['env_steps']:,}",
        "never" if reached is None else f"{reached:,}",
        f"{result['wall_seconds']:,.0f} s",
    )


def title(result):
    """What a task's table is of, and how it was made."""
    expert, random = result["expert_return_mean"], result["random_return_mean"]
    levels = "" if expert is None else f", expert {expert:,.0f}, random {random:,.0f}"
    number = result["num_trajectories"]
    trajectories = "1 trajectory" if number == 1 else f"{number or 'all'} trajectories"
    return (
        f"**{result['env']}** ({trajectories}{levels}; "
        f"`python run/main.py --env {result['env']} --seed SEED`)"
    )


def main():
    files = pathlib.Path(RUNS.value).glob("*/result.json")
    results = [json.loads(file.read_text()) for file in files]
    if not results:
        raise UserError(f"--runs={RUNS.value}: no finished run there")
    known = list(TASKS)

    def place(result):
        name = result["env"]
        return (known.index(name) if name in known else len(known)), name, result["seed"]

    for _, runs in itertools.groupby(sorted(results, key=place), lambda result: result["env"]):
        runs = list(runs)
        print(title(runs[0]) + "\n")
        command_line.print_table(HEADER, map(row, runs))
        print()


if __name__ == "__main__":
    command_line.run(main)
