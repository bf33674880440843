"""The paper's Table 1: eight tasks, its data-set sizes, and MGAIL beside its rivals.

`--only` chooses runs by their names, TASK-SIZE-PROTOCOL-METHOD-SEED; the flags here do it by parts.
"""

from collections.abc import Mapping, Sequence
import pathlib

from absl import flags

from experiments import imitation_table, matrix, table_pictures
from experiments.result import Result
from experiments.study import Run
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS

SMALLEST = "smallest"


def _define(name: str, words: Sequence[str]) -> flags.FlagHolder[list[str]]:
    """A flag that takes some of these words; without any, all are meant."""
    among = f"one or more of {','.join(words)}"
    holder = flags.DEFINE_list(name, [], f"start only runs of these: {among}")
    flags.register_validator(name, lambda given: set(given) <= set(words), f"use {among}")
    return holder


_NUMBERS = sorted({cell.num_trajectories for cell in matrix.CELLS})
ONLY_TASKS = _define("tasks", list(TASKS))
ONLY_SIZES = _define("sizes", [SMALLEST, *map(str, _NUMBERS)])
ONLY_PROTOCOLS = _define("protocols", list(matrix.PROTOCOLS))
ONLY_METHODS = _define("methods", list(matrix.METHODS))
ONLY_SEEDS = _define("seeds", list(map(str, matrix.SEEDS)))


def runs(quick: bool) -> list[Run]:
    """The runs of all cells, methods and seeds; a quick look has three tasks and one seed."""
    return list(matrix.runs(quick))


def chosen(quick: bool) -> list[Run]:
    """Those of the runs that the flags ask for.

    Raises:
      UserError: there are none.
    """
    found = [run for run, parts in matrix.runs(quick).items() if _is_wanted(*parts)]
    if not found:
        raise UserError(
            "no run is of all that --tasks, --sizes, --protocols, --methods and --seeds ask for"
        )
    return found


def _is_wanted(cell: matrix.Cell, method: str, seed: int) -> bool:
    sizes = {str(cell.num_trajectories)}
    if cell.num_trajectories == matrix.SIZES[cell.task][0]:
        sizes.add(SMALLEST)
    return all(
        not holder.value or words & set(holder.value)
        for holder, words in (
            (ONLY_TASKS, {cell.task}),
            (ONLY_SIZES, sizes),
            (ONLY_PROTOCOLS, {cell.protocol}),
            (ONLY_METHODS, {method}),
            (ONLY_SEEDS, {str(seed)}),
        )
    )


def write(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Writes `table1.csv` and `table1.md`."""
    imitation_table.write(results, folder)


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints the table, and draws the pictures."""
    print(imitation_table.markdown(results))
    table_pictures.draw(results, folder)
