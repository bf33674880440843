"""One line that says how far a study has come."""

from collections.abc import Collection, Mapping, Sequence
import time

import numpy as np
from tqdm import tqdm

from experiments.result import Result
from experiments.study import Run


class Progress:
    """Shows a study's finished, running and failed runs, and the time left.

    Args:
      title: what the line begins with.
      runs: all that were asked for.
      processes: how many run at once.
    """

    def __init__(self, title: str, runs: Sequence[Run], processes: int):
        self._title, self._runs, self._processes = title, runs, processes
        self._started: dict[str, float] = {}
        self._bar = tqdm(total=len(runs), desc=title, bar_format="|{bar:20}| {desc}")

    def show(
        self, finished: Mapping[str, Result], running: Collection[str], failed: Collection[str]
    ) -> None:
        """Writes the line anew; the runs are given by their names."""
        now = time.monotonic()
        for name in running:
            self._started.setdefault(name, now)
        elapsed = {name: now - self._started[name] for name in running}
        over = finished.keys() | set(failed)
        done = {run: finished[run.name] for run in self._runs if run.name in finished}
        left = seconds_left(
            done, [run for run in self._runs if run.name not in over], elapsed, self._processes
        )
        self._bar.n = len(done)
        self._bar.desc = (
            f"{self._title}: {len(done)} of {len(self._runs)} finished, {len(running)} running, "
            f"{len(failed)} failed, {'?' if left is None else tqdm.format_interval(left)} left"
        )
        self._bar.refresh()

    def close(self) -> None:
        """Leaves the line as it is, and begins another."""
        self._bar.close()


def seconds_left(
    finished: Mapping[Run, Result],
    unfinished: Sequence[Run],
    elapsed: Mapping[str, float],
    processes: int,
) -> float | None:
    """Estimates how long the unfinished runs will take; None if nothing tells yet.

    A run is taken to last as those that differ in their seed only; if none of these is finished, as
    those of its environment; if none of these is, as all that are.

    Args:
      finished: the results of those that are.
      unfinished: those that run or wait.
      elapsed: how long those that run have been at it, by name.
      processes: how many run at once.
    """
    seconds: dict[tuple[str, ...], list[float]] = {}
    for run, result in finished.items():
        for kind in _kinds(run):
            seconds.setdefault(kind, []).append(result.result["wall_seconds"])
    if not unfinished:
        return 0.0
    if not seconds:
        return None
    total = 0.0
    for run in unfinished:
        known = next(kind for kind in _kinds(run) if kind in seconds)
        total += max(0.0, float(np.mean(seconds[known])) - elapsed.get(run.name, 0.0))
    return total / min(processes, len(unfinished))


def _kinds(run: Run) -> tuple[tuple[str, ...], ...]:
    """What a run has in common with others, from close to distant."""
    but_seed = tuple(flag for flag in run.flags if not flag.startswith("--seed="))
    env = tuple(flag for flag in run.flags if flag.startswith("--env="))
    return ("all but the seed", *but_seed), ("environment", *env), ()
