"""Whether the units matter: tasks in other units should end as the original does."""

from collections.abc import Mapping
import pathlib

from experiments import rescaled, tables
from experiments.result import Result
from experiments.study import Run
from mgail_tf.commands import command_line

# HalfCheetah is as its entry of `tasks.py` was when this was run, with half of its budget of then.
SETTINGS = {
    "CartPole": ("--total_steps=5000",),
    "HalfCheetah": ("--total_steps=32000", "--gradient_penalty=0.1", "--state_gradient_clip=3"),
}
DEMONSTRATIONS = pathlib.Path("runs", "units-demonstrations")


def name(task: str, kind: str) -> str:
    """Names a run."""
    return f"{task}-{kind}"


def runs(quick: bool) -> list[Run]:
    """A run for each task and units; a quick look has those of CartPole."""
    return [
        Run(
            name(task, kind),
            (
                f"--env={rescaled.environment(task, kind)}",
                f"--expert_data={(DEMONSTRATIONS / name(task, kind)).as_posix()}",
                *SETTINGS[task],
                "--film_every=0",
            ),
        )
        for task, kinds in rescaled.UNITS.items()
        for kind in kinds
        if task == "CartPole" or not quick
    ]


def prepare() -> None:
    """Writes the demonstrations that are not there yet."""
    for task, kinds in rescaled.UNITS.items():
        for kind in kinds:
            folder = DEMONSTRATIONS / name(task, kind)
            if not folder.exists():
                rescaled.write_demonstrations(task, kind, folder)


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints the final normalised returns; draws nothing."""
    rows = []
    for task, kinds in rescaled.UNITS.items():
        for kind, units in kinds.items():
            factors = " and ".join(f"{factor:g}" for factor in units.observations)
            described = factors, f"{units.offset:g}", f"{units.actions:g}"
            final = tables.final_returns(results, [name(task, kind)])
            rows.append((task, *described, final))
    titles = "task", "observations times", "plus", "actions times", "normalised return"
    command_line.print_table(titles, rows)
