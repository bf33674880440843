"""What each part of the recipe is worth: the default preset with one of them changed at a time."""

from collections.abc import Mapping
import pathlib

from absl import flags

from experiments import drawing, tables
from experiments.result import Result
from experiments.study import Run
from mgail_tf.commands import command_line

HALF_BUDGETS = flags.DEFINE_boolean(
    "half_budgets",
    False,
    "about half the environment steps: on Hopper, which has not settled by then, this tells only "
    "large differences apart",
)

# What is imitated, as the tables call it: its flags, and about half of its budget.
TASKS = {
    "Hopper": (("--env=Hopper",), 40_000),
    "HalfCheetah": (("--env=HalfCheetah",), 8_000),
    "Hopper with falls": (
        ("--env=Hopper", "--expert_data=expert_data/abroad/falls/Hopper/demonstrations"),
        40_000,
    ),
}
QUICK_TASK = "HalfCheetah"
SEEDS = 100, 101, 102
WHOLE_RECIPE = "all of it"
ROWS = {
    WHOLE_RECIPE: (),
    "no gradient penalty": ("--gradient_penalty=0",),
    "no value": ("--use_value=false",),
    "no demonstrated segments": ("--demonstrated_fraction=0",),
    "no bound on the message": ("--state_gradient_clip=0",),
    "constant noise": ("--final_noise_scale=1",),
    "episodes never cut": ("--mean_cut_length=0",),
    "8 policy updates a round": ("--policy_updates=8",),
    "newest segments only": ("--policy_replay_steps=80",),
    "no cloning": ("--cloning_weight=0", "--cloned_start=false"),
    "cloning as a start only": ("--cloning_weight=0",),
    "cloning beside J only": ("--cloned_start=false",),
    "never goes back": ("--astray=0",),
    "no margin of terminations": ("--termination_margin=0",),
    "no average": ("--averaging_window=0",),
    "advanced forward model": ("--forward_model=advanced",),
    "forward model of states": ("--forward_model_residual=false",),
}


def name(task: str, row: str, seed: int, half: bool) -> str:
    """Names a run."""
    return f"{task}-{row}-{'half-' if half else ''}{seed}".replace(" ", "-")


def runs(quick: bool) -> list[Run]:
    """A run for each row, task and seed; a quick look has one seed of HalfCheetah, half as long."""
    half = quick or HALF_BUDGETS.value
    return [
        Run(
            name(task, row, seed, HALF_BUDGETS.value),
            (
                *TASKS[task][0],
                f"--seed={seed}",
                *changed,
                *((f"--total_steps={TASKS[task][1]}",) if half else ()),
                "--evaluation_episodes=4",
                "--film_every=0",
            ),
        )
        for row, changed in ROWS.items()
        for task in ([QUICK_TASK] if quick else TASKS)
        for seed in (SEEDS[:1] if quick else SEEDS)
    ]


def report(results: Mapping[str, Result], folder: pathlib.Path) -> None:
    """Prints the final normalised returns, and draws `ablation.png`."""
    command_line.print_table(
        ("changed", *TASKS),
        [
            (row, *(tables.final_returns(results, _names(task, row)) for task in TASKS))
            for row in ROWS
        ],
    )
    _draw(results, folder / "ablation.png")


def _names(task: str, row: str) -> list[str]:
    return [name(task, row, seed, HALF_BUDGETS.value) for seed in SEEDS]


def _draw(results: Mapping[str, Result], file: pathlib.Path) -> None:
    """Draws a panel for each row and task: every seed, and the whole recipe's mean behind."""
    others = [row for row in ROWS if row != WHOLE_RECIPE]
    columns = -(-len(others) // 2)
    figure = drawing.figure(2.3 * columns, 4 * len(TASKS))
    panels = figure.subplots(2 * len(TASKS), columns, sharey=True, squeeze=False)
    for place, task in enumerate(TASKS):
        whole = _found(results, task, WHOLE_RECIPE)
        for panel, row in zip(panels[2 * place : 2 * place + 2].flat, others, strict=True):
            if whole:
                panel.plot(*drawing.mean_curve(whole), color="lightgray", linewidth=4)
            for result in _found(results, task, row):
                panel.plot(result.steps, result.returns, linewidth=1)
            panel.set_title(f"{task}:\n{row}", fontsize="small")
            panel.set_ylim(-0.1, 1.25)
            panel.tick_params(labelsize="x-small")
    figure.supxlabel("environment steps")
    figure.supylabel("normalised return")
    drawing.save(figure, file)


def _found(results: Mapping[str, Result], task: str, row: str) -> list[Result]:
    return [results[each] for each in _names(task, row) if each in results]
