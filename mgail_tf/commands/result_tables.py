"""The cells of the tables of finished runs, and what a `result.json` must have for them."""

from typing import Any

# The contents of a run's result.json, and what is shown of them.
Result = dict[str, Any]
NUMBER = int | float
FORM = {
    "env": str,
    "num_trajectories": int,
    "seed": int,
    "env_steps": int,
    "wall_seconds": NUMBER,
    "normalized_return": NUMBER | None,
    "return_mean": NUMBER | None,
    "return_std": NUMBER | None,
    "expert_return_mean": NUMBER | None,
    "random_return_mean": NUMBER | None,
    "steps_to_95": int | None,
}

OVERVIEW = "task", "trajectories", "environment steps", "wall", "seeds", "normalised returns"
HEADER = "seed", "normalised return", "return", "environment steps", "of these to 0.95", "wall"


def normalized_return(result: Result) -> str:
    """Returns a run's normalised return as a table's cell."""
    value = result["normalized_return"]
    return "not known" if value is None else f"{value:.3f}"


def with_standard_error(result: Result) -> str:
    """Returns it as a cell that tells its standard error too, if the run has measured that."""
    error = result.get("normalized_return_standard_error")
    known = isinstance(error, NUMBER)  # Earlier versions have not measured it.
    return normalized_return(result) + (f" +- {error:.3f}" if known else "")


def _return(result: Result) -> str:
    mean, deviation = result["return_mean"], result["return_std"]
    return "not known" if mean is None or deviation is None else f"{mean:,.0f} +- {deviation:,.0f}"


def overview(runs: list[Result]) -> tuple[Any, ...]:
    """Returns the cells of one task's line, which tells of all of its runs.

    The runs are taken to be of one setting; the wall time is the longest one's.
    """
    return (
        runs[0]["env"],
        runs[0]["num_trajectories"],
        f"{runs[0]['env_steps']:,}",
        f"{max(result['wall_seconds'] for result in runs):,.0f} s",
        ", ".join(str(result["seed"]) for result in runs),
        " ".join(map(normalized_return, runs)),
    )


def row(result: Result) -> tuple[Any, ...]:
    """Returns the cells of one run's line."""
    steps_to_95 = result["steps_to_95"]
    return (
        result["seed"],
        with_standard_error(result),
        _return(result),
        f"{result['env_steps']:,}",
        "never" if steps_to_95 is None else f"{steps_to_95:,}",
        f"{result['wall_seconds']:,.0f} s",
    )


def title(result: Result) -> str:
    """Returns a line on what a task's table shows, and with which command its runs were made."""
    expert, random = result["expert_return_mean"], result["random_return_mean"]
    known = expert is not None and random is not None
    levels = f", expert {expert:,.0f}, random {random:,.0f}" if known else ""
    number = result["num_trajectories"]
    trajectories = "1 trajectory" if number == 1 else f"{number} trajectories"
    return (
        f"**{result['env']}** ({trajectories}{levels}; "
        f"`python run/main.py --env {result['env']} --seed SEED`)"
    )
