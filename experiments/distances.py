"""Does the distance from the demonstrations order policies as their returns do?

    python experiments/distances.py --runs runs/robustness

reads `metrics.jsonl` and `config.json` of every run folder below, and prints Spearman's correlation
between closeness and normalised return over the evaluations of a run, medians of the runs per task:
over all evaluations, and among those above 0.8, where it is hardest. Policies of exactly the same
return have an order for the distance, but none for the correlation; so it can be at most what the
table says beside it.
"""

from collections.abc import Iterable, Sequence
import pathlib
import sys
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import flags
import numpy as np
import pandas as pd

from experiments import tables
from mgail_tf import strict_json
from mgail_tf.commands import command_line
from mgail_tf.errors import UserError

RUNS = flags.DEFINE_string("runs", "runs", "run folders are anywhere below")

# Evaluations at least so good, and so many of them, tell whether the best ones are told apart.
GOOD, FEWEST = 0.8, 4


class Correlations(NamedTuple):
    """Of a run's evaluations; NaN where there are too few.

    Attributes:
      all, good: over all evaluations, and among the good ones.
      all_at_most, good_at_most: what they can be at most, because of returns that are the same.
      closest, last, best: the normalised returns of the closest evaluation, the last and the best.
    """

    all: float
    all_at_most: float
    good: float
    good_at_most: float
    closest: float
    last: float
    best: float


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation; NaN if there are too few pairs, or nothing varies."""
    if len(one) < FEWEST:
        return np.nan
    return float(pd.DataFrame({"one": one, "other": other}).corr("spearman").iloc[0, 1])


def correlations(distances: np.ndarray, returns: np.ndarray) -> Correlations:
    """Sets distances [evaluations] against normalised returns [evaluations]."""
    good = returns >= GOOD
    ordered, ordered_good = (np.sort(each) for each in (returns, returns[good]))
    return Correlations(
        spearman(-distances, returns),
        spearman(np.arange(len(ordered)), ordered),
        spearman(-distances[good], returns[good]),
        spearman(np.arange(len(ordered_good)), ordered_good),
        returns[np.argmin(distances)],
        returns[-1],
        returns.max(),
    )


def of_run(folder: pathlib.Path) -> Correlations | None:
    """The correlations of a run folder; None if nothing was measured there."""
    lines = strict_json.read_lines(
        folder / "metrics.jsonl", {"normalized_return": float | int | None}
    )
    pairs = [(line.get("imitation_distance"), line["normalized_return"]) for line in lines]
    known = [pair for pair in pairs if all(isinstance(each, int | float) for each in pair)]
    return correlations(*np.array(known, float).T) if known else None


HEADER = "task", "runs", "all", "at most", "above 0.8", "at most", "closest", "last", "best"


def row(task: str, runs: Sequence[Correlations]) -> tuple[str, ...]:
    """The cells of a task's line: medians over its runs; a dash where no run has a number."""
    columns = np.array(runs, float).T
    return task, str(len(runs)), *(_median(column[~np.isnan(column)]) for column in columns)


def _median(values: np.ndarray) -> str:
    return tables.number(float(np.median(values)), 2) if values.size else tables.EMPTY


def by_task(folders: Iterable[pathlib.Path]) -> dict[str, list[Correlations]]:
    """The correlations of run folders, by task."""
    found: dict[str, list[Correlations]] = {}
    for folder in folders:
        correlated = of_run(folder)
        if correlated:
            task = strict_json.read(folder / "config.json", {"env": str})["env"]
            found.setdefault(task, []).append(correlated)
    return found


def main() -> None:
    files = sorted(pathlib.Path(RUNS.value).rglob("metrics.jsonl"))
    found = by_task(file.parent for file in files)
    if not found:
        raise UserError(f"--runs={RUNS.value}: no run there that has measured a distance")
    command_line.print_table(HEADER, [row(task, found[task]) for task in sorted(found)])


def program() -> None:
    """The command."""
    command_line.run(main)


if __name__ == "__main__":
    program()
