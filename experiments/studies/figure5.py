"""Figure 5 of the paper: a basic against the advanced forward model, in the authors' loop."""

from collections.abc import Mapping
import pathlib

import numpy as np

from experiments import drawing, tables
from experiments.result import Result
from experiments.study import Run
from mgail_tf.commands import command_line

ENVS = "Hopper", "HalfCheetah"
# With the colours that they have in the paper.
MODELS = {"basic": "tab:blue", "advanced": "tab:green"}
SEEDS = range(3)
STEPS = 1_000_000


def name(env: str, model: str, seed: int) -> str:
    """Names a run."""
    return f"{env}-{model}-{seed}"


def runs(quick: bool) -> list[Run]:
    """A run for each task, forward model and seed; a quick look has one seed and a tenth of it."""
    return [
        Run(
            name(env, model, seed),
            (
                f"--env={env}",
                "--preset=paper",
                f"--forward_model={model}",
                f"--seed={seed}",
                f"--total_steps={STEPS // 10 if quick else STEPS}",
                "--evaluate_every=10000",
                "--evaluation_episodes=1",
                "--film_every=0",
            ),
        )
        for seed in (SEEDS[:1] if quick else SEEDS)
        for env in ENVS
        for model in MODELS
    ]


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints a table of the seeds' levels, and draws `figure5.png`."""
    rows = []
    for env in ENVS:
        for model in MODELS:
            found = _of(results, env, model)
            rows.append(
                (
                    env,
                    model,
                    " ".join(tables.mean(result.returns) for result in found) or tables.EMPTY,
                    " ".join(tables.mean(_second_half(result)) for result in found) or tables.EMPTY,
                    tables.final_returns(results, [name(env, model, seed) for seed in SEEDS]),
                )
            )
    header = "task", "forward model", "mean of the whole run", "of its second half", "final policy"
    command_line.print_table(header, rows)
    _draw(results, folder / "figure5.png")


def _of(results: Mapping[str, Result], env: str, model: str) -> list[Result]:
    names = [name(env, model, seed) for seed in SEEDS]
    return [results[each] for each in names if each in results]


def _second_half(result: Result) -> np.ndarray:
    return result.returns[result.steps > result.steps[-1] / 2]


def _draw(results: Mapping[str, Result], file: pathlib.Path) -> None:
    """Draws a panel for each task: each seed is a thin line, their mean a thick one."""
    figure = drawing.figure(5 * len(ENVS), 4)
    panels = figure.subplots(1, len(ENVS), sharey=True, squeeze=False)[0]
    for panel, env in zip(panels, ENVS, strict=True):
        for model, color in MODELS.items():
            found = _of(results, env, model)
            for result in found:
                panel.plot(result.steps, result.returns, color=color, linewidth=0.7, alpha=0.5)
            thick = {"color": color, "linewidth": 2.5, "label": model}
            panel.plot(*(drawing.mean_curve(found) if found else ([], [])), **thick)
        panel.axhline(1, color="gray", linestyle=":", linewidth=1)
        panel.set_title(env)
        panel.legend(title="forward model")
    figure.supxlabel("environment steps")
    figure.supylabel("normalised return")
    drawing.save(figure, file)
