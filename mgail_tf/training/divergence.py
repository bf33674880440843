"""Notices that learning has gone wrong: by numbers, losses and weights."""

from collections.abc import Mapping, Sequence
import json
import math
from typing import Any

import numpy as np
import tensorflow as tf

from mgail_tf.data import fingerprint
from mgail_tf.errors import Diverged

# Everything is normalised, so losses were never beyond 1,000, and weights never beyond 100.
LARGEST_LOSS, LARGEST_WEIGHT = 1e5, 1e4
ADVICE = "Try a smaller learning rate."


def check(metrics: Mapping[str, float], where: str) -> None:
    """Checks what a round of learning returned.

    Args:
      metrics: losses, norms of gradients and other numbers, by name.
      where: the round, for the message.

    Raises:
      Diverged: one of them is not finite.
    """
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise _diverged(f"{name} is {value}", where)


def check_weights(weights: Mapping[str, Sequence[Any]], where: str) -> None:
    """Checks the weights of networks, by the networks' names, before they are kept.

    Raises:
      Diverged: one of them is not finite.
    """
    for name, variables in weights.items():
        for variable in variables:
            if not tf.reduce_all(tf.math.is_finite(variable)):
                raise _diverged(f"a weight of {name} is not finite", where)


def _diverged(what: str, where: str) -> Diverged:
    return Diverged(
        f"{what} in {where}: learning has diverged. What was saved before stays, and the same "
        "command would diverge again; try smaller learning rates, in another `logdir`"
    )


class Doubts(tf.train.experimental.PythonState):
    """What makes doubtful that a run still learns; each doubt is told once.

    Attributes:
      told: the sentences so far, by what they are about.
    """

    def __init__(self) -> None:
        self.told: dict[str, str] = {}
        self._fingerprints: dict[str, str] = {}

    def arising(
        self, means: Mapping[str, float], weights: Mapping[str, Sequence[Any]]
    ) -> list[str]:
        """Returns sentences, one a line, at an evaluation.

        Args:
          means: of the metrics since the evaluation before it; their names begin with the network's
            that was updated.
          weights: of the networks, by name.
        """
        found = {
            name: f"{name} is {mean:.3g} on average: it explodes. {ADVICE}"
            for name, mean in means.items()
            if name.endswith(("loss", "likelihood")) and abs(mean) > LARGEST_LOSS
        }
        updated = {name.partition("/")[0] for name in means}
        for name in updated & weights.keys():
            arrays = [variable.numpy() for variable in weights[name]]
            largest = max(np.abs(array).max() for array in arrays)
            if largest > LARGEST_WEIGHT:
                found[name] = f"A weight of {name} is {largest:.3g}: it explodes. {ADVICE}"
            now = fingerprint.of(*arrays)
            if now == self._fingerprints.get(name):
                found[f"{name} stays"] = (
                    f"The weights of {name} have not changed since the evaluation before: it does "
                    f"not learn any more. {ADVICE}"
                )
            self._fingerprints[name] = now
        new = {name: sentence for name, sentence in found.items() if name not in self.told}
        self.told |= new
        return list(new.values())

    def serialize(self) -> str:
        return json.dumps([self.told, self._fingerprints])

    def deserialize(self, string_value: bytes) -> None:
        self.told, self._fingerprints = json.loads(string_value)
