"""The cells of the paper's Table 1, the methods that fill them, and the runs of both."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from experiments import paper
from experiments.result import Result
from experiments.study import Run
from mgail_tf import config as configs
from mgail_tf.config import PAPER_STEPS
from mgail_tf.tasks import TASKS

SEEDS = range(5)
# A quick look takes a tenth of the steps where there are millions.
PAPER_SHARE = 10


class Cell(NamedTuple):
    """A row of the table, for one protocol.

    Attributes:
      task: a task of the paper.
      num_trajectories: a size of the paper's data sets.
      protocol: one of `PROTOCOLS`.
    """

    task: str
    num_trajectories: int
    protocol: str


class Method(NamedTuple):
    """What imitates.

    Attributes:
      title: what tables and pictures call it.
      flags: of `run/main.py`.
      total_steps: its budget of environment steps; None for its own, 0 for as many as MGAIL has.
      reported: the method of the paper's table that it is to be compared with; "" for none.
      color: in pictures.
    """

    title: str
    flags: tuple[str, ...]
    total_steps: int | None
    reported: str
    color: str


PROTOCOLS = {
    "whole": "Whole trajectories",
    "subsampled": "Subsampled, as in GAIL's paper",
}
# They look at one episode every 1,000 of their iterations, as the study `authors_hopper` does.
AS_THE_AUTHORS = "--preset=paper", "--evaluate_every=30000", "--evaluation_episodes=1"
# In the order of the table's columns, which is not that in which they run.
METHODS = {
    "bc": Method("BC", ("--algorithm=bc",), None, "bc", "tab:gray"),
    "gail": Method("GAIL", ("--algorithm=gail",), PAPER_STEPS, "gail", "tab:orange"),
    "gail_equal": Method("GAIL, as few steps", ("--algorithm=gail",), 0, "", "tab:red"),
    "mgail": Method("MGAIL", (), None, "mgail", "tab:blue"),
    "authors": Method("MGAIL, authors' loop", AS_THE_AUTHORS, PAPER_STEPS, "", "tab:green"),
}
_CHEAPEST_FIRST = "bc", "mgail", "gail_equal", "gail", "authors"
SIZES = {task: sorted(number for of, number in paper.table() if of == task) for task in TASKS}
CELLS = [
    Cell(task, number, protocol)
    for protocol in PROTOCOLS
    for task in TASKS
    for number in SIZES[task]
]
QUICK_TASKS = "CartPole", "Hopper", "HalfCheetah"


def name(cell: Cell, method: str, seed: int) -> str:
    """Names a run."""
    return f"{cell.task}-{cell.num_trajectories}-{cell.protocol}-{method}-{seed}"


def runs(quick: bool) -> dict[Run, tuple[Cell, str, int]]:
    """The runs in the order in which they start, and the cell, method and seed of each.

    The smallest data sets come first, and of each size the cheapest methods. A quick look has three
    tasks, their smallest sizes and one seed. Methods that take millions of steps have a tenth of
    them there, and whole trajectories only.
    """
    wanted = [
        (cell, method, seed)
        for method in _CHEAPEST_FIRST
        for cell in CELLS
        for seed in SEEDS
        if not quick or _is_quick(cell, method, seed)
    ]
    wanted.sort(key=lambda each: SIZES[each[0].task].index(each[0].num_trajectories))
    return {Run(name(*each), _flags(*each, quick)): each for each in wanted}


def _is_quick(cell: Cell, method: str, seed: int) -> bool:
    smallest = cell.num_trajectories == SIZES[cell.task][0]
    short = METHODS[method].total_steps != PAPER_STEPS or cell.protocol == "whole"
    return cell.task in QUICK_TASKS and smallest and short and seed == SEEDS[0]


def _flags(cell: Cell, method: str, seed: int, quick: bool) -> tuple[str, ...]:
    told = f"--env={cell.task}", *METHODS[method].flags
    every = paper.subsample(cell.task) if cell.protocol == "subsampled" else 1
    steps = METHODS[method].total_steps
    if steps == PAPER_STEPS:
        told += (f"--total_steps={steps // PAPER_SHARE if quick else steps}",)
    elif steps == 0:
        as_mgail = configs.make(cell.task, subsample=every).run.total_steps
        told += (f"--total_steps={as_mgail}",)
    if every > 1:
        told += (f"--subsample={every}",)
    if cell.num_trajectories != TASKS[cell.task].num_trajectories:
        # Of the smallest sets other studies have the same runs.
        told += (f"--num_trajectories={cell.num_trajectories}",)
    return *told, f"--seed={seed}", "--film_every=0"


def of_cell(results: Mapping[str, Result], cell: Cell, method: str) -> dict[int, Result]:
    """The results of a method in a cell, by seed."""
    named = {seed: results.get(name(cell, method, seed)) for seed in SEEDS}
    return {seed: result for seed, result in named.items() if result is not None}


def returns(results: Mapping[str, Result], method: str) -> dict[Cell, list[float]]:
    """The final normalised returns of a method, by cell; cells without any are left out.

    So are runs whose return is not known.
    """
    found = {
        cell: [
            result.normalized_return
            for result in of_cell(results, cell, method).values()
            if not np.isnan(result.normalized_return)
        ]
        for cell in CELLS
    }
    return {cell: values for cell, values in found.items() if values}
