"""Prints the finished runs below a folder, as README.md and docs/results.md do: --runs runs."""

import itertools
import pathlib

from absl import flags

from mgail_tf import strict_json
from mgail_tf.commands import command_line
from mgail_tf.commands.result_tables import FORM, HEADER, OVERVIEW, Result, overview, row, title
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS

RUNS = flags.DEFINE_string("runs", "runs", "folder of run folders")


def main() -> None:
    files = pathlib.Path(RUNS.value).glob("*/result.json")
    results = [strict_json.read(file, FORM, "move its folder away") for file in files]
    if not results:
        raise UserError(f"--runs={RUNS.value}: no finished run there")
    order = list(TASKS)

    def place(result: Result) -> tuple[int, str, int]:
        """Tasks of the paper come first, in the paper's order, then others by name."""
        name = result["env"]
        return (order.index(name) if name in order else len(order)), name, result["seed"]

    results.sort(key=place)
    tasks = [list(runs) for _, runs in itertools.groupby(results, lambda result: result["env"])]
    command_line.print_table(OVERVIEW, map(overview, tasks))
    print()
    for runs in tasks:
        print(title(runs[0]) + "\n")
        command_line.print_table(HEADER, map(row, runs))
        print()


def program() -> None:
    """The console command."""
    command_line.run(main)
