"""The policies of a run of which one is exported: those that came closest to the demonstrations."""

from collections.abc import Mapping, Sequence
import json
from typing import NamedTuple

import tensorflow as tf

from mgail_tf.algorithms.distance import Distance
from mgail_tf.training import encoded

# How many are evaluated once more at the end, and closely.
FINALISTS = 3


class Finalist(NamedTuple):
    """A policy that was evaluated.

    Attributes:
      distance: of its evaluated episodes from the demonstrations.
      env_steps: environment steps after which it was there.
      weights: of its SavedModel, files by name.
      digest: names the policy; see `DeployedPolicy.digest`.
    """

    distance: Distance
    env_steps: int
    weights: Mapping[str, bytes]
    digest: str


class Finalists(tf.train.experimental.PythonState):
    """Keeps the policies that may be the closest to the demonstrations.

    An evaluation during a run has few episodes, so the best of many is often the luckiest. So some
    are evaluated once more: the newest of those that are as close as any by the evaluations during
    the run, and the closest of the others where these are too few.

    They are a part of the checkpoint, so that a run that is killed and resumed has the same ones.

    Where episodes are always as long as demonstrated, a few tell as much as many: what hides from
    them is the fall that comes once in twenty episodes.

    Attributes:
      policies: in the order of their environment steps.
      may_hide_falls: whether an episode of this run was ever too short or too long.
    """

    def __init__(self) -> None:
        self.policies: list[Finalist] = []
        self.may_hide_falls = False

    def consider(
        self,
        distance: Distance | None,
        env_steps: int,
        weights: Mapping[str, bytes],
        digest: str,
    ) -> None:
        """Takes a policy if it is among the closest; one whose distance is unknown is not.

        What a run has gone back to is no new policy.
        """
        if distance is None or any(digest == each.digest for each in self.policies):
            return
        self.may_hide_falls |= distance.of_lengths > 0.0
        policies = [*self.policies, Finalist(distance, env_steps, weights, digest)]
        smallest = min(each.distance for each in policies)

        def rank(each: Finalist) -> tuple[bool, float]:
            is_close = each.distance.is_as_close_as(smallest)
            return not is_close, -each.env_steps if is_close else each.distance.whole

        kept = sorted(policies, key=rank)[:FINALISTS]
        self.policies = sorted(kept, key=lambda each: each.env_steps)

    def serialize(self) -> str:
        policies = [[*each[:2], encoded.texts(each[2]), *each[3:]] for each in self.policies]
        return json.dumps([self.may_hide_falls, policies])

    def deserialize(self, string_value: bytes) -> None:
        self.may_hide_falls, policies = json.loads(string_value)
        self.policies = [
            Finalist(Distance(*distance), env_steps, encoded.files(weights), *others)
            for distance, env_steps, weights, *others in policies
        ]


def choose(distances: Sequence[Distance]) -> int:
    """Returns the place of the last distance that is as small as any."""
    smallest = min(distances)
    return max(place for place, each in enumerate(distances) if each.is_as_close_as(smallest))
