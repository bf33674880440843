"""Writes the paper's Table 1 from our own results: table1.csv, and table1.md beside the paper's."""

from collections.abc import Iterator, Mapping, Sequence
import csv
import io
import pathlib
from typing import Any

import numpy as np

from experiments import comparison, matrix, paper, provenance, tables
from experiments.matrix import CELLS, METHODS, PROTOCOLS, SEEDS, Cell
from experiments.result import Result
from mgail_tf import whole
from mgail_tf.commands import command_line
from mgail_tf.config import PAPER_STEPS
from mgail_tf.errors import UserError

# Of a run's result.json; what one does not have is left empty.
MEASURED = (
    "normalized_return",
    "return_mean",
    "return_std",
    "expert_return_mean",
    "random_return_mean",
    "episodes",
    "env_steps",
    "steps_to_95",
    "wall_seconds",
)
# What every cell is to reach.
TARGET = 0.95
RIVALS = "bc", "gail", "gail_equal", "authors"


def write(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Writes `table1.csv`, a row for each finished run, and `table1.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    whole.write(folder / "table1.csv", rows(results))
    whole.write(folder / "table1.md", markdown(results))


def rows(results: Mapping[str, Result]) -> str:
    """The finished runs as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*Cell._fields, "method", "seed", *MEASURED, "commits"])
    for cell in CELLS:
        for method in METHODS:
            for seed, found in matrix.of_cell(results, cell, method).items():
                measured = [found.result.get(field) for field in MEASURED]
                commits = " ".join(provenance.commits([found.provenance]))
                writer.writerow([*cell, method, seed, *measured, commits])
    return text.getvalue()


def markdown(results: Mapping[str, Result]) -> str:
    """The table of each protocol, what is missing in it, and how the methods compare."""
    returns = {method: matrix.returns(results, method) for method in METHODS}
    parts = [HEAD]
    for protocol, title in PROTOCOLS.items():
        parts += [f"## {title}", _table(returns, protocol), _empty(results, protocol)]
    parts += ["## Targets", _targets(returns), "## Comparison", _comparison(returns)]
    return "\n\n".join(parts) + "\n"


HEAD = f"""# Table 1 of the paper, from our own runs

Normalised returns, 0 for a random policy and 1 for the expert: mean +- standard deviation over
seeds. In brackets is the number of seeds where it is not {len(SEEDS)}. Ours are normalised to the
demonstrations that were imitated, and each seed is the final evaluation of the exported policy.
GAIL and the authors' loop take {PAPER_STEPS:,} steps (a quick look: a tenth), the others as many as
the task has by default.

Columns named "paper" are the paper's, normalised to the experts of Ho and Ermon (2016), whom its BC
and GAIL imitate. It does not say what the expert of its MGAIL reached, nor over what its deviations
are."""


def _table(returns: Mapping[str, Mapping[Cell, Sequence[float]]], protocol: str) -> str:
    header = ["task", "trajectories"]
    for method in METHODS.values():
        header += [f"{method.title}, paper"] * bool(method.reported) + [method.title]
    reported = paper.table()
    lines = []
    for cell in _of(protocol):
        line: list[Any] = [cell.task, cell.num_trajectories]
        for name, method in METHODS.items():
            if method.reported:
                mean, deviation = reported[cell.task, cell.num_trajectories][method.reported]
                line.append(f"{mean:.3f} +- {deviation:.3f}")
            line.append(_entry(returns[name].get(cell, ())))
        lines.append(line)
    return command_line.table(header, lines)


def _entry(values: Sequence[float]) -> str:
    """A cell's mean, the deviation if there is one, and the number of seeds if some are missing."""
    if not values:
        return tables.EMPTY
    told = tables.mean_and_deviation(values) if len(values) > 1 else tables.number(values[0])
    return told if len(values) == len(SEEDS) else f"{told} ({len(values)})"


def _empty(results: Mapping[str, Result], protocol: str) -> str:
    """Names the empty cells, by method and task."""
    lines = []
    for name, method in METHODS.items():
        empty = [cell for cell in _of(protocol) if not matrix.of_cell(results, cell, name)]
        if empty:
            lines.append(f"- {method.title}: {_names(empty)}")
    return "\n".join(["Empty cells:", "", *lines]) if lines else "No cell is empty."


def _names(cells: Sequence[Cell]) -> str:
    """Cells by task, with their numbers of trajectories; `all` if they are all of a protocol."""
    if len(cells) == len(CELLS) // len(PROTOCOLS):
        return "all"
    numbers: dict[str, list[str]] = {}
    for cell in cells:
        numbers.setdefault(cell.task, []).append(str(cell.num_trajectories))
    return "; ".join(f"{task} {', '.join(found)}" for task, found in numbers.items())


def _targets(returns: Mapping[str, Mapping[Cell, Sequence[float]]]) -> str:
    """Says where MGAIL is not as it should be: at the target, and above BC where BC is below it."""
    ours, cloned = returns["mgail"], returns["bc"]
    if not ours:
        return "No cell of MGAIL is filled yet."
    low = [cell for cell, values in ours.items() if np.mean(values) < TARGET]
    beaten = [
        cell
        for cell, values in ours.items()
        if cell in cloned
        and np.mean(cloned[cell]) < TARGET
        and np.mean(values) <= np.mean(cloned[cell])
    ]
    return "\n".join(
        f"- MGAIL {words} in {len(cells)} of {len(ours)} filled cells"
        + "".join(f"; {cell.task} {cell.num_trajectories} {cell.protocol}" for cell in cells)
        for words, cells in (
            (f"is below {TARGET}", low),
            (f"is not above BC, which is below {TARGET},", beaten),
        )
    )


EXPLANATION = f"""Wilcoxon's signed-rank test of the means over seeds, in cells that both have;
over tasks, of the means of their cells. Equal pairs are left out of the test; tied are differences
as large as another. Cells of one task are not independent, so p over the cells is rather too small.
Interquartile means are of all runs in these cells, with intervals of {comparison.CONFIDENCE:.0%} by
a stratified bootstrap where each cell has two runs or more."""
COMPARED = (
    "MGAIL against",
    "over",
    "pairs",
    "MGAIL higher",
    "equal",
    "tied",
    "p, two-sided",
    "MGAIL's interquartile mean",
    "the other's",
)


def _comparison(returns: Mapping[str, Mapping[Cell, Sequence[float]]]) -> str:
    try:
        lines = list(_compared(returns))
    except UserError as error:
        return f"Not calculated: {error}"
    if not lines:
        return "MGAIL and another method have no cell in common yet."
    return f"{EXPLANATION}\n\n{command_line.table(COMPARED, lines)}"


def _compared(
    returns: Mapping[str, Mapping[Cell, Sequence[float]]],
) -> Iterator[tuple[Any, ...]]:
    """The lines of the comparison: with BC over the cells, with the others over the tasks."""
    for rival in RIVALS:
        ours, theirs = common(returns["mgail"], returns[rival])
        if not ours:
            continue
        over = "cells" if rival == "bc" else "tasks"
        pair = (ours, theirs) if over == "cells" else (_by_task(ours), _by_task(theirs))
        test = comparison.signed_rank(*pair)
        yield (
            METHODS[rival].title,
            over,
            test.pairs,
            test.higher,
            test.equal,
            test.tied,
            tables.EMPTY if np.isnan(test.p) else f"{test.p:.2g}",
            *map(_aggregate, (ours, theirs)),
        )


def common(
    ours: Mapping[Cell, Sequence[float]], theirs: Mapping[Cell, Sequence[float]]
) -> tuple[dict[Cell, Sequence[float]], dict[Cell, Sequence[float]]]:
    """What two methods have of the cells that both have."""
    both = [cell for cell in ours if cell in theirs]
    return {cell: ours[cell] for cell in both}, {cell: theirs[cell] for cell in both}


def _by_task(returns: Mapping[Cell, Sequence[float]]) -> dict[str, list[float]]:
    """The means of the cells, by task."""
    means: dict[str, list[float]] = {}
    for cell, values in returns.items():
        means.setdefault(cell.task, []).append(float(np.mean(values)))
    return means


def _aggregate(returns: Mapping[Cell, Sequence[float]]) -> str:
    mean, interval = comparison.interquartile_mean(returns)
    return tables.number(mean) + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _of(protocol: str) -> list[Cell]:
    return [cell for cell in CELLS if cell.protocol == protocol]
