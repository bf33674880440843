"""Shows how far a run is: as a bar on a terminal, and elsewhere as a line for each evaluation."""

from collections.abc import Mapping
import shutil
import sys
import time
from typing import Any

from tqdm import tqdm

BAR = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left{postfix}"
BAR_WITHOUT_END = "{desc}: {n_fmt} rounds, {elapsed}{postfix}"


class Progress:
    """What a run is doing, how good it is, and how long it will take.

    A log file would be flooded by a bar, so lines go to stdout where stderr is no terminal.

    Args:
      title: what the run is called.
      shown: whether anything is.
    """

    def __init__(self, title: str, shown: bool = True):
        self._title, self._shown = title, shown
        self._bar: Any = None
        self._total: int | None = None
        self._first = self._done = 0
        self._began = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def phase(self, name: str) -> None:
        """Says what begins now: "compiling", for example; an empty name is what is usual."""
        description = f"{self._title} ({name})" if name else self._title
        if self._on_terminal():
            if self._bar is None:
                self._bar = tqdm(bar_format="{desc}", leave=False, **_size())
            if self._bar.desc != description:  # To draw it takes time.
                self._bar.set_description_str(description)
        elif self._shown and name and self._done == self._first:
            print(description, flush=True)

    def begin(self, total: int | None, done: int) -> None:
        """Begins to count.

        Args:
          total: environment steps of the whole run; None if rounds are counted, without an end.
          done: those that an earlier part of the run has taken.
        """
        self._total, self._first, self._done = total, done, done
        self._began = time.monotonic()
        if self._on_terminal():
            self.close()
            self._bar = tqdm(
                total=total,
                initial=done,
                desc=self._title,
                bar_format=BAR if total else BAR_WITHOUT_END,
                smoothing=0.0,  # Evaluations are a part of the time that is left.
                **_size(),
            )

    def advance(self, done: int) -> None:
        """Tells how many steps or rounds there have been."""
        self._done = done
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def evaluated(self, metrics: Mapping[str, Any], expert_return: float | None) -> None:
        """Shows an evaluation.

        Args:
          metrics: `return_mean`, `normalized_return` and `imitation_distance` are shown, None where
            unknown.
          expert_return: mean return of the demonstrations; None if it is not known.
        """
        level = level_of(metrics, expert_return)
        if self._bar is not None:
            self._bar.set_postfix_str(level)
        elif self._shown:
            print(f"{self._title}: {self._place()}, {level}", flush=True)

    def close(self) -> None:
        """Leaves the terminal to others."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _on_terminal(self) -> bool:
        return self._shown and sys.stderr is not None and sys.stderr.isatty()

    def _place(self) -> str:
        if not self._total:
            return f"{self._done:,} rounds"
        seconds = time.monotonic() - self._began
        taken = self._done - self._first
        left = tqdm.format_interval(seconds / taken * (self._total - self._done)) if taken else "?"
        return f"{self._done:,} of {self._total:,} steps, {left} left"


def _size() -> dict[str, Any]:
    # Some terminals do not tell their size, and tqdm would show nothing there.
    size = shutil.get_terminal_size()
    return {"ncols": size.columns, "nrows": size.lines}


def level_of(metrics: Mapping[str, Any], expert_return: float | None) -> str:
    """Says how good a policy is, and by which measure.

    That is its return, the expert's, the normalised one, and its distance from the demonstrations.
    """
    achieved, normalized = metrics["return_mean"], metrics["normalized_return"]
    words = ["return unknown" if achieved is None else f"return {achieved:.5g}"]
    if expert_return is not None:
        words.append(f"expert {expert_return:.5g}")
    if normalized is not None:
        words.append(f"normalized {normalized:.2f}")
    if metrics["imitation_distance"] is not None:
        words.append(f"distance {metrics['imitation_distance']:.3f}")
    return ", ".join(words)
