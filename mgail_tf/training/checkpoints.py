"""What a run needs to go on where it was."""

import base64
from collections.abc import Mapping
import json
import math
import pathlib
import time
from typing import Any

import tensorflow as tf

from mgail_tf.algorithms.distance import Distance
from mgail_tf.errors import UserError


class Waiting(tf.train.experimental.PythonState):
    """What waits: a line of `metrics.jsonl` for findings, and the learner to be told of others.

    Attributes:
      line: what is known by now, by name; None if no line waits.
      untold: how far the policy was that was evaluated last, as a part of a random policy's
        distance, which the learner has not been told yet; None if there is nothing to tell.
      random_distance: of a random policy; None if it is not known yet.
    """

    def __init__(self) -> None:
        self.line: dict[str, Any] | None = None
        self.untold: Distance | None = None
        self.random_distance: float | None = None

    def found(self, distance: Distance | None) -> None:
        """Remembers to tell a distance from the demonstrations; None if it is not known."""
        self.untold = None
        if distance and self.random_distance:
            self.untold = distance._replace(whole=distance.whole / self.random_distance)

    def serialize(self) -> str:
        return json.dumps([self.line, self.untold, self.random_distance])

    def deserialize(self, string_value: bytes) -> None:
        self.line, untold, self.random_distance = json.loads(string_value)
        self.untold = untold and Distance(*untold)


class Closest(tf.train.experimental.PythonState):
    """The newest policy whose evaluated episodes were as close to the demonstrations as any.

    It is a part of the checkpoint, so that a run that is killed and resumed knows the same one.

    Attributes:
      smallest: the smallest distance so far, not only of this policy's; infinite as long as there
        is none.
      env_steps: environment steps after which it was there.
      weights: of its SavedModel, files by name.
    """

    def __init__(self) -> None:
        self.smallest, self.env_steps = Distance(math.inf, math.inf), 0
        self.weights: Mapping[str, bytes] = {}

    def consider(
        self, distance: Distance | None, env_steps: int, weights: Mapping[str, bytes]
    ) -> None:
        """Takes a policy if it is as close, or closer; one whose distance is unknown is not."""
        if distance is None:
            return
        self.smallest = min(self.smallest, distance)
        if distance.is_as_close_as(self.smallest):
            self.env_steps, self.weights = env_steps, weights

    def serialize(self) -> str:
        files = {name: base64.b64encode(each).decode() for name, each in self.weights.items()}
        return json.dumps([self.smallest, self.env_steps, files])

    def deserialize(self, string_value: bytes) -> None:
        smallest, self.env_steps, files = json.loads(string_value)
        self.smallest = Distance(*smallest)
        self.weights = {name: base64.b64decode(each) for name, each in files.items()}


class RunState(tf.Module):
    """What the loop itself must remember.

    Attributes:
      rounds: calls of `Learner.learn` so far.
      evaluations: those that have begun so far, that of the policy that learning begins with too.
      wall_seconds: seconds of this run so far, those before an interruption included.
      evaluation_seconds: the part of them in which training waited for evaluations.
      waiting: the line that has not been written yet.
      closest: the policy that was closest to the demonstrations.
    """

    def __init__(self):
        super().__init__()
        self._counted_until = time.perf_counter()
        self.rounds = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluations = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.wall_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self.evaluation_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self.waiting = Waiting()
        self.closest = Closest()

    def count_seconds(self) -> float:
        """Adds the seconds since the last call to `wall_seconds`, and returns these."""
        now = time.perf_counter()
        self.wall_seconds.assign_add(now - self._counted_until)
        self._counted_until = now
        return float(self.wall_seconds)


class Checkpoints:
    """Saves and restores a run.

    Args:
      folder: where the checkpoints are.
      **state: everything that is saved, by name: modules and `PythonState`s.
    """

    def __init__(self, folder: pathlib.Path, **state: tf.Module):
        self._checkpoint = tf.train.Checkpoint(**state)
        self._manager = tf.train.CheckpointManager(self._checkpoint, str(folder), max_to_keep=1)

    def save(self) -> None:
        """Writes a checkpoint; the one before it is removed."""
        self._manager.save()

    def restore(self) -> None:
        """Restores the last checkpoint, if there is one.

        Raises:
          UserError: it cannot be read, or does not fit.
        """
        latest = self._manager.latest_checkpoint
        if not latest:
            return
        try:
            self._checkpoint.restore(latest).assert_consumed()
        except UserError:
            raise
        except (AssertionError, ValueError, tf.errors.InvalidArgumentError) as error:
            raise UserError(
                f"{latest} is whole, but of other networks than the settings ask for: another "
                "version of mgail_tf, or of the environment, made it; choose another `logdir`"
            ) from error
        except Exception as error:  # Whatever else TensorFlow raises, the file is at fault.
            raise UserError(f"{latest} is damaged ({error}); choose another `logdir`") from error
