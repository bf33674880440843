"""Whether the recipe holds on experts and tasks that nobody tuned it for.

A cell is a column, a task and perhaps a variant; `COLUMNS` says what each column asks. Where the
demonstrations of other experts come from is in expert_data/abroad/README.md.
"""

from collections.abc import Iterable, Mapping, Sequence
import pathlib
from typing import NamedTuple

from absl import flags
import numpy as np

from experiments import paper, provenance, tables
from experiments.result import Result
from experiments.study import Run
from mgail_tf.commands import command_line
from mgail_tf.tasks import TASKS

FIRST_SEED = flags.DEFINE_integer(
    "first_seed", 0, "of each cell; tuning uses 100 and more, reports use 0 and more", lower_bound=0
)
TUNING_SEED = 100

MUJOCO = "Hopper", "Walker2d", "HalfCheetah", "Ant", "Humanoid"
ABROAD = "expert_data/abroad"
ELSEWHERE = (
    "Pendulum-v1",
    "MountainCarContinuous-v0",
    "InvertedDoublePendulum-v5",
    "Swimmer-v5",
    "LunarLander-v3",
    "LunarLanderContinuous-v3",
)
# Of tasks that are not the paper's.
BUDGET = ("--total_steps=100000",)


class Cell(NamedTuple):
    """What is imitated in some runs that differ in their seeds, or are of behavioural cloning.

    Attributes:
      task: a task or a gymnasium id.
      flags: of `run/main.py`, beside the task.
      variant: tells a column's cells of the same task apart.
      data: the folder of the demonstrations; "" for the task's own.
    """

    task: str
    flags: tuple[str, ...] = ()
    variant: str = ""
    data: str = ""

    def is_there(self) -> bool:
        """Whether there are demonstrations."""
        return not self.data or (provenance.ROOT / self.data).is_dir()


class Column(NamedTuple):
    """Cells of which the same is asked.

    Attributes:
      cells: by task and variant.
      seeds: number of them.
      final: what the final return must be on every seed; normalised, as all returns here.
      held: what each of the last five evaluations must be, but for two of its standard errors.
      final_of: other values of `final`, by task.
      steps_of: environment steps by which it must be at 0.95, median over the seeds; by task.
    """

    cells: Sequence[Cell]
    seeds: int
    final: float
    held: float
    final_of: Mapping[str, float] = {}
    steps_of: Mapping[str, int] = {}


def _abroad(folder: str, task: str, *told: str, variant: str = "") -> Cell:
    data = f"{ABROAD}/{folder}/{task}/demonstrations"
    return Cell(task, (f"--expert_data={data}", *told), variant, data)


def _thin(task: str, *told: str) -> Cell:
    return Cell(task, (f"--subsample={paper.subsample(task)}", *told))


COLUMNS = {
    "home": Column(
        [Cell(task) for task in TASKS],
        seeds=5,
        final=0.98,
        held=0.90,
        final_of={"Walker2d": 0.96, "Ant": 0.96},
        steps_of={
            "Hopper": 30_000,
            "Walker2d": 60_000,
            "HalfCheetah": 10_000,
            "Ant": 20_000,
            "Humanoid": 20_000,
        },
    ),
    "one": Column([Cell(task, ("--num_trajectories=1",)) for task in MUJOCO], 5, 0.95, 0.85),
    "thin": Column([_thin(task) for task in TASKS], 5, 0.95, 0.85),
    "one_thin": Column(
        [_thin(task, "--num_trajectories=1") for task in ("HalfCheetah", "Hopper")], 5, 0.95, 0.85
    ),
    "falls": Column(
        [_abroad("falls", task) for task in ("Hopper", "Walker2d", "Ant", "Humanoid")],
        seeds=3,
        final=1.0,
        held=0.90,
    ),
    "others": Column(
        [
            _abroad(level, task, variant=level)
            for task in ("CartPole", "Acrobot", "Hopper", "HalfCheetah", "Walker2d", "Ant")
            for level in ("near", "half")
        ],
        seeds=3,
        final=0.97,
        held=0.90,
    ),
    "elsewhere": Column([_abroad("elsewhere", task, *BUDGET) for task in ELSEWHERE], 3, 0.95, 0.85),
    # Made when nothing was to be changed any more, and run once.
    "unseen": Column(
        [
            *(_abroad("unseen", task) for task in ("Acrobot", "HalfCheetah")),
            *(_abroad("unseen", task, *BUDGET) for task in ("InvertedPendulum-v5", "Reacher-v5")),
        ],
        seeds=3,
        final=0.95,
        held=0.85,
        final_of={"Acrobot": 0.97, "HalfCheetah": 0.97},
    ),
}
QUICK = (
    "falls-Hopper",
    "one-HalfCheetah",
    "thin-HalfCheetah",
    "others-CartPole-near",
    "home-Ant",
    "elsewhere-Pendulum-v1",
    "home-Walker2d",
    "one_thin-Hopper",
)
# Of a run of behavioural cloning, in its name.
CLONING = "bc"


def name(column: str, cell: Cell) -> str:
    """Names a cell; its runs are named after it."""
    return "-".join(filter(None, (column, cell.task, cell.variant)))


def runs(quick: bool) -> list[Run]:
    """A run for each cell and seed, and one of behavioural cloning.

    A quick look has eight cells, of one seed, and no cloning. Cells without data are left out.
    """
    listed = []
    for title, column in COLUMNS.items():
        seeds = range(FIRST_SEED.value, FIRST_SEED.value + column.seeds)
        for cell in filter(Cell.is_there, column.cells):
            this = name(title, cell)
            told = f"--env={cell.task}", *cell.flags, "--film_every=0"
            if not quick:
                listed += [Run(f"{this}-{seed}", (*told, f"--seed={seed}")) for seed in seeds]
                told = *told, "--algorithm=bc"
                listed += [Run(f"{this}-bc-{seed}", (*told, f"--seed={seed}")) for seed in seeds]
            elif this in QUICK:
                listed.append(Run(f"{this}-{TUNING_SEED}", (*told, f"--seed={TUNING_SEED}")))
    return listed


HEADER = (
    "task",
    "seeds",
    "final return",
    "lowest of the last five evaluations",
    "steps to 0.95, three times in a row",
    "behavioural cloning",
    "as it should be",
)


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints a table for each column, and which cells have no data yet; draws nothing."""
    for title, column in COLUMNS.items():
        rows = []
        for cell in column.cells:
            learned = of_cell(results, name(title, cell))
            cloned = of_cell(results, f"{name(title, cell)}-{CLONING}")
            if learned or cloned:
                rows.append(_row(column, cell, learned, cloned))
        if rows:
            print(f"{title}: at least {column.final:.2f}, held {column.held:.2f}\n")
            command_line.print_table(HEADER, rows)
            print()
    absent = [
        name(title, cell)
        for title, column in COLUMNS.items()
        for cell in column.cells
        if not cell.is_there()
    ]
    if absent:
        print(f"no demonstrations yet: {', '.join(absent)}")


def of_cell(results: Mapping[str, Result], cell: str) -> list[Result]:
    """Those of the results that are of a cell, in the order of their seeds."""
    found = [result for name, result in results.items() if name.rpartition("-")[0] == cell]
    return sorted(found, key=lambda result: result.result["seed"])


def _row(
    column: Column, cell: Cell, learned: Sequence[Result], cloned: Sequence[Result]
) -> tuple[str, ...]:
    lowest = [tables.number(result.returns[-5:].min()) for result in learned]
    missing = missed(column, cell.task, learned)
    return (
        f"{cell.task} {cell.variant}".strip(),
        " ".join(str(result.result["seed"]) for result in learned),
        _joined(tables.number(result.normalized_return) for result in learned),
        _joined(lowest),
        _joined(map(_steps, learned)),
        _joined(tables.number(result.normalized_return) for result in cloned),
        tables.EMPTY if not learned else f"no: {', '.join(missing)}" if missing else "yes",
    )


def missed(column: Column, task: str, results: Sequence[Result]) -> list[str]:
    """What of that which a column asks of a task is not so: words, none if all of it is."""
    final = column.final_of.get(task, column.final)
    missing = []
    if not all(result.normalized_return >= final for result in results):
        missing.append(f"{final:.2f}")
    # A mean of ten episodes may be below by chance alone.
    upper = [result.returns + 2.0 * np.nan_to_num(result.standard_errors) for result in results]
    if not all((bounds[-5:] >= column.held).all() for bounds in upper):
        missing.append("held")
    asked = column.steps_of.get(task)
    if asked and not np.median([steps_to(each.steps, each.returns) for each in results]) <= asked:
        missing.append(f"{asked:,} steps")
    return missing


def steps_to(
    steps: np.ndarray, returns: np.ndarray, level: float = 0.95, in_a_row: int = 3
) -> float:
    """Environment steps at the first of so many evaluations in a row at a level; else infinity."""
    reached = returns >= level
    starts = len(returns) - in_a_row + 1
    held = (steps[start] for start in range(starts) if reached[start : start + in_a_row].all())
    return float(next(held, np.inf))


def _steps(result: Result) -> str:
    steps = steps_to(result.steps, result.returns)
    return f"{steps:,.0f}" if np.isfinite(steps) else tables.EMPTY


def _joined(words: Iterable[str]) -> str:
    return " ".join(words) or tables.EMPTY
