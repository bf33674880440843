"""Draws Table 1: returns over numbers of trajectories, learning curves, performance profiles."""

from collections.abc import Callable, Mapping
from functools import partial
import math
import pathlib
from typing import Any

import numpy as np

from experiments import comparison, drawing, imitation_table, matrix
from experiments.matrix import CELLS, METHODS, PROTOCOLS, SIZES, Cell
from experiments.result import Result

LEVELS = np.linspace(-0.1, 1.2, 131)


def draw(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Draws what there are results of; `table1_PROTOCOL.png` and `table1_curves_PROTOCOL.png`."""
    returns = {method: matrix.returns(results, method) for method in METHODS}
    for protocol in PROTOCOLS:
        tasks = _tasks(results, protocol)
        if not tasks:
            continue
        title = PROTOCOLS[protocol]
        drawn = _panels(tasks, partial(_returns, returns, protocol), title, "trajectories")
        drawing.save(drawn, folder / f"table1_{protocol}.png")
        title += ", the smallest set"
        drawn = _panels(tasks, partial(_curves, results, protocol), title, "environment steps")
        drawing.save(drawn, folder / f"table1_curves_{protocol}.png")
    _profiles(returns, folder / "table1_profiles.png")


def _tasks(results: Mapping[str, Result], protocol: str) -> list[str]:
    """The tasks of which there is any result."""
    filled = [
        cell.task
        for cell in CELLS
        if cell.protocol == protocol
        and any(matrix.of_cell(results, cell, method) for method in METHODS)
    ]
    return list(dict.fromkeys(filled))


def _panels(tasks: list[str], fill: Callable[[Any, str], None], title: str, horizontal: str) -> Any:
    """A figure with a panel for each task, and one legend."""
    columns = min(4, len(tasks))
    lines = math.ceil(len(tasks) / columns)
    figure = drawing.figure(4 * columns + 2, 3.2 * lines + 0.5)
    panels = figure.subplots(lines, columns, squeeze=False).flat
    for panel, task in zip(panels, tasks, strict=False):
        panel.axhline(1, color="black", linestyle=":", linewidth=1, label="expert")
        fill(panel, task)
        panel.set_title(task)
    for panel in list(panels)[len(tasks) :]:
        panel.set_axis_off()
    named = {}
    for panel in figure.axes:
        for line, label in zip(*panel.get_legend_handles_labels(), strict=True):
            named.setdefault(label, line)
    figure.legend(named.values(), named.keys(), loc="outside right upper")
    figure.suptitle(title)
    figure.supxlabel(horizontal)
    figure.supylabel("normalised return")
    return figure


def _returns(
    returns: Mapping[str, Mapping[Cell, list[float]]], protocol: str, panel: Any, task: str
) -> None:
    """The mean over seeds at each number of trajectories, with its deviation."""
    for name, method in METHODS.items():
        found = {
            number: values
            for number in SIZES[task]
            if (values := returns[name].get(Cell(task, number, protocol)))
        }
        if found:
            panel.errorbar(
                list(found),
                [np.mean(values) for values in found.values()],
                [np.std(values) for values in found.values()],
                color=method.color,
                marker="o",
                capsize=3,
                label=method.title,
            )
    panel.set_xticks(SIZES[task])


def _curves(results: Mapping[str, Result], protocol: str, panel: Any, task: str) -> None:
    """The mean learning curves with the smallest set; a method without steps is a line."""
    cell = Cell(task, SIZES[task][0], protocol)
    for name, method in METHODS.items():
        found = list(matrix.of_cell(results, cell, name).values())
        if not found:
            continue
        told = {"color": method.color, "label": method.title}
        steps, returns = drawing.mean_curve(found)
        if steps[-1] > 0:
            panel.plot(steps, returns, **told)
        else:
            panel.axhline(np.mean([each.normalized_return for each in found]), ls="--", **told)
    # Budgets are from thousands to millions, and curves begin at 0.
    panel.set_xscale("symlog", linthresh=1000)
    panel.set_xticks([0, 1e3, 1e4, 1e5, 1e6])


def _profiles(returns: Mapping[str, Mapping[Cell, list[float]]], file: pathlib.Path) -> None:
    """Draws a panel for each rival: how many runs are above a level, in cells that both have."""
    pairs = {
        rival: imitation_table.common(returns["mgail"], returns[rival])
        for rival in imitation_table.RIVALS
    }
    pairs = {rival: pair for rival, pair in pairs.items() if pair[0]}
    if not pairs:
        return
    figure = drawing.figure(4 * len(pairs), 4)
    panels = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
    for panel, (rival, pair) in zip(panels, pairs.items(), strict=True):
        for name, found in zip(("mgail", rival), pair, strict=True):
            color = METHODS[name].color
            fractions, interval = comparison.profile(found, LEVELS)
            panel.plot(LEVELS, fractions, color=color, label=METHODS[name].title)
            if interval:
                panel.fill_between(LEVELS, *interval, color=color, alpha=0.2)
        panel.set_title(f"{len(pair[0])} cells")
        panel.legend(loc="lower left")
    figure.supxlabel("normalised return")
    figure.supylabel("fraction of the runs above it")
    drawing.save(figure, file)
