"""What a run says at its end: one screen for a user who has no reward to look at."""

from collections.abc import Mapping, Sequence
import textwrap
from typing import Any

# Characters of a line.
WIDTH = 100

COLUMNS = "now", "at the start", "demonstrations", "random actions"


def how_it_went(result: Mapping[str, Any], start: Mapping[str, Any] | None) -> str:
    """Sets the exported policy beside what it is to be compared with, and gives the verdict.

    Args:
      result: of `result.json`.
      start: the line of `metrics.jsonl` of the policy that learning began with; None if there is
        none.
    """
    start = start or {}
    error = result["return_standard_error"]
    rows = {
        "distance": (
            _number(result["imitation_distance"], 3),
            _number(start.get("imitation_distance"), 3),
            _number(result["imitation_distance_of_demonstrations"], 3),
            _number(result["imitation_distance_of_random_policy"], 3),
        ),
        "steps of an episode": (
            _number(result["episode_length_mean"]),
            _number(start.get("episode_length_mean")),
            _number(result["expert_length_mean"]),
            _number(result["random_length_mean"]),
        ),
        "return": (
            _number(result["return_mean"], 1) + ("" if error is None else f" +- {error:,.1f}"),
            _number(start.get("return_mean"), 1),
            _number(result["expert_return_mean"], 1),
            _number(result["random_return_mean"], 1),
        ),
        "normalized return": (
            _number(result["normalized_return"], 3),
            _number(start.get("normalized_return"), 3),
            "-" if result["expert_return_mean"] is None else "1",
            "-" if result["random_return_mean"] is None else "0",
        ),
    }
    steps, exported = result["env_steps"], result["exported_env_steps"]
    title = f"{result['env']}, {steps:,} steps"
    if exported != steps:
        title += f"; the policy that is exported is the one of {exported:,} steps"
    told = [line for each in result["verdict"] for line in textwrap.wrap(each, WIDTH)]
    return "\n".join([title, *_table(rows), "", *told])


def _table(rows: Mapping[str, Sequence[str]]) -> list[str]:
    lines = [("", *COLUMNS), *((name, *cells) for name, cells in rows.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]).rstrip()
        for first, *rest in lines
    ]


def _number(value: float | None, decimals: int = 0) -> str:
    return "-" if value is None else f"{value:,.{decimals}f}"
