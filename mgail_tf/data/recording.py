"""What a file of recorded episodes holds, and what there is to say of it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mgail_tf.counting import count
from mgail_tf.envs.episodes import Episode, returns
from mgail_tf.errors import printable


class Recording(NamedTuple):
    """What a file or folder holds.

    Attributes:
      episodes: those that have at least one action; rewards are NaN where they are not known.
      left_out: number of the last actions that were left out because nothing tells where they led.
      notes: how it was understood, a line each.
    """

    episodes: list[Episode]
    left_out: int = 0
    notes: Sequence[str] = ()

    def describe(self) -> list[str]:
        """Lines that say what was understood, as a terminal may have them."""
        lengths = np.array([len(episode.actions) for episode in self.episodes])
        terminations = sum(episode.terminated for episode in self.episodes)
        each = f"{lengths.min()}" + (f" to {lengths.max()}" if np.ptp(lengths) else "")
        lines = [
            f"{count(len(lengths), 'episode')}, {count(lengths.sum(), 'step')} ({each} an episode)",
            f"ended by: {terminations} by the task, {len(lengths) - terminations} cut off",
            f"returns: {self._returns()}",
        ]
        if self.left_out:
            lines.append(
                f"left out: {count(self.left_out, 'step')}, the last of each episode, because "
                "nothing tells where they led; their rewards are added to the steps before"
            )
        # Notes have names that the file gives.
        return [printable(line) for line in (*lines, *self.notes)]

    def _returns(self) -> str:
        known = returns(self.episodes)
        known = known[np.isfinite(known)]
        if not len(known):
            there = any(not np.isnan(episode.rewards).all() for episode in self.episodes)
            why = "rewards, or their sums, are not finite" if there else "there are no rewards"
            return f"not known, because {why}"
        some = f" (known of {count(len(known), 'episode')})"
        of = some if len(known) < len(self.episodes) else ""
        with np.errstate(over="ignore"):
            mean = known.mean()
        return f"mean {mean:.5g}, from {known.min():.5g} to {known.max():.5g}{of}"
