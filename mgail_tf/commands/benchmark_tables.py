"""What `run/benchmark.py` prints."""

from collections.abc import Iterable
from typing import Any

from mgail_tf.commands import command_line

# A column's header, the keys of its number in a run's record, and how that is written.
Column = tuple[str, tuple[str, ...], str]
RATES: tuple[Column, ...] = (
    ("steps/s", ("steps_per_second",), "{:,.0f}"),
    ("bare simulator, steps/s", ("bare_simulator_steps_per_second",), "{:,.0f}"),
    ("policy, updates/s", ("updates_per_second", "policy"), "{:,.0f}"),
    ("discriminator, updates/s", ("updates_per_second", "discriminator"), "{:,.0f}"),
    ("forward model, updates/s", ("updates_per_second", "forward_model"), "{:,.0f}"),
    ("MFLOP/step", ("mflop_per_step",), "{:,.1f}"),
    ("memory, MiB", ("peak_memory_mib", "process"), "{:,.0f}"),
    ("largest child's", ("peak_memory_mib", "largest_child"), "{:,.0f}"),
)
SHARES: tuple[Column, ...] = (
    ("wall", ("wall_seconds",), "{:,.1f} s"),
    ("simulator", ("shares", "simulator"), "{:.1%}"),
    ("updates", ("shares", "updates"), "{:.1%}"),
    ("acting", ("shares", "acting"), "{:.1%}"),
    ("evaluation", ("shares", "evaluation"), "{:.1%}"),
    ("start-up", ("shares", "start_up"), "{:.1%}"),
    ("elsewhere", ("shares", "elsewhere"), "{:.1%}"),
    ("cores busy", ("cores_busy",), "{:.2f}"),
)


def print_tables(runs: Iterable[dict[str, Any]]) -> None:
    """Prints one table of rates, and one of shares."""
    runs = list(runs)
    for columns in RATES, SHARES:
        header = ["task", "preset", *(name for name, *_ in columns)]
        rows = (
            [run["env"], run["preset"], *(_cell(run, keys, form) for _, keys, form in columns)]
            for run in runs
        )
        command_line.print_table(header, rows)
        print()


def _cell(run: Any, keys: Iterable[str], form: str) -> str:
    for key in keys:
        run = run[key]
    return "not known" if run is None else form.format(run)
