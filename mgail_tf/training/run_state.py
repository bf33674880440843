"""What a run itself must remember to go on where it was; a checkpoint holds it."""

from collections.abc import Mapping, Sequence
import json
import time
from typing import Any

import tensorflow as tf

from mgail_tf.algorithms.distance import Distance
from mgail_tf.errors import UserError
from mgail_tf.training import encoded
from mgail_tf.training.divergence import Doubts
from mgail_tf.training.finalists import Finalists


class Waiting(tf.train.experimental.PythonState):
    """What waits: a line of `metrics.jsonl` for findings, and the learner to be told of others.

    A run that is killed meanwhile evaluates the same policy again, whatever has been learned since.

    Attributes:
      line: what is known by now, by name; None if no line waits.
      film: whether the evaluation is filmed.
      weights: of the policy's SavedModel, files by name.
      digest: names the policy.
      histograms: for TensorBoard, as `tensorboard.encode_histograms` gives them.
      untold: how far the policy was that was evaluated last, as a part of a random policy's
        distance, which the learner has not been told yet; None if there is nothing to tell.
      random_distance: of a random policy; None if it is not known yet.
      distance_tells: whether distances tell policies apart; see `verdict.demonstrations_vary`.
    """

    def __init__(self) -> None:
        self.clear()
        self.untold: Distance | None = None
        self.random_distance: float | None = None
        self.distance_tells = True

    def clear(self) -> None:
        """No line waits any more."""
        self.line: dict[str, Any] | None = None
        self.film = False
        self.weights: Mapping[str, bytes] = {}
        self.digest = ""
        self.histograms: Sequence[bytes] = []

    def distance(self, measured: Mapping[str, Any]) -> Distance | None:
        """How far evaluated episodes are from the demonstrations, beside those of a random policy.

        Args:
          measured: what an evaluation has found.

        Returns:
          None if it is not known, or does not tell policies apart.
        """
        whole, of_lengths = (
            measured[name] for name in ("imitation_distance", "imitation_distance_of_lengths")
        )
        if whole is None or not self.random_distance or not self.distance_tells:
            return None
        return Distance(whole / self.random_distance, of_lengths)

    def serialize(self) -> str:
        files = encoded.texts(self.weights), encoded.all_texts(self.histograms)
        line = self.line, self.film, self.digest, *files
        return json.dumps([*line, self.untold, self.random_distance, self.distance_tells])

    def deserialize(self, string_value: bytes) -> None:
        *line, untold, self.random_distance, self.distance_tells = json.loads(string_value)
        self.line, self.film, self.digest, weights, histograms = line
        self.weights = encoded.files(weights)
        self.histograms = encoded.all_contents(histograms)
        self.untold = untold and Distance(*untold)


class Sums(tf.train.experimental.PythonState):
    """Sums of numbers by name, for their means; they are the same wherever a run was resumed."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, numbers: Mapping[str, float]) -> None:
        """Adds numbers; names may come and go."""
        for name, number in numbers.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = total + number, count + 1

    def take(self) -> dict[str, float]:
        """The means of what was added since the last call."""
        sums, self._sums = self._sums, {}
        return {name: total / count for name, (total, count) in sums.items()}

    def serialize(self) -> str:
        return json.dumps(self._sums)

    def deserialize(self, string_value: bytes) -> None:
        self._sums = {name: tuple(each) for name, each in json.loads(string_value).items()}


class Owner(tf.train.experimental.PythonState):
    """Says which run a checkpoint is of, and refuses those of another one.

    Args:
      name: the run's settings and demonstrations, as `run_folder.identity` names them.
    """

    def __init__(self, name: str):
        self._name = name

    def serialize(self) -> str:
        return self._name

    def deserialize(self, string_value: bytes) -> None:
        if string_value.decode() != self._name:
            raise UserError(
                "the checkpoints in `logdir` are of a run of other settings or demonstrations; "
                "bring back its own, or choose another folder"
            )


class RunState(tf.Module):
    """What the loop itself must remember.

    Args:
      owner: whose it is; see `Owner`.

    Attributes:
      rounds: calls of `Learner.learn` so far.
      evaluations: those that have begun so far, that of the policy that learning begins with too.
      rounds_evaluated, steps_evaluated: rounds and environment steps before the last of them.
      wall_seconds: seconds of this run so far, those before an interruption included.
      evaluation_seconds: the part of them in which training waited for evaluations.
      losses: of the rounds since the last evaluation began.
      waiting: the line that has not been written yet.
      finalists: the policies that were closest to the demonstrations.
      doubts: whether the run still learns.
    """

    def __init__(self, owner: str = ""):
        super().__init__()
        self.owner = Owner(owner)
        self._counted_until = time.perf_counter()
        self.rounds = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluations, self.rounds_evaluated, self.steps_evaluated = (
            tf.Variable(0, dtype=tf.int64, trainable=False) for _ in range(3)
        )
        self.wall_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self.evaluation_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self.losses = Sums()
        self.waiting = Waiting()
        self.finalists = Finalists()
        self.doubts = Doubts()

    def count_seconds(self) -> float:
        """Adds the seconds since the last call to `wall_seconds`, and returns these."""
        now = time.perf_counter()
        self.wall_seconds.assign_add(now - self._counted_until)
        self._counted_until = now
        return float(self.wall_seconds)
