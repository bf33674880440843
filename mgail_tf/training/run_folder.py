"""The run folder: what a run was told, what it measured, and what came out."""

import dataclasses
import json
import os
import pathlib

import tensorflow as tf

from mgail_tf.errors import UserError
from mgail_tf.training.tensorboard import TensorBoard


class RunFolder:
    """Reads and writes a run's folder.

    Args:
      path: the folder; made if it does not exist.
      config: `config.Config` of the run.

    Attributes:
      checkpoints, saved_model: where these go.
      tensorboard: `tensorboard.TensorBoard` of the run.

    Raises:
      UserError: the folder cannot be written, or holds a run of another configuration.
    """

    def __init__(self, path, config):
        self._path = pathlib.Path(path)
        self.checkpoints = self._path / "checkpoints"
        self.saved_model = self._path / "saved_model"
        check(path, config)
        resumed = (self._path / "config.json").exists()
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            (self._path / "config.json").write_text(json.dumps(_as_json(config), indent=2) + "\n")
            self.tensorboard = TensorBoard(self._path / "tensorboard")
            if not resumed:
                self.tensorboard.write_config(config)
        except (OSError, tf.errors.OpError) as error:
            raise UserError(
                f"--logdir {path} cannot be used ({error}); choose another folder"
            ) from error

    def metrics(self):
        """The lines of `metrics.jsonl` so far, as dicts; without one that was not finished."""
        file = self._path / "metrics.jsonl"
        if not file.exists():
            return []
        return [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]

    def forget_metrics_after(self, env_steps):
        """Drops the lines of `metrics.jsonl` that a resumed run will measure again."""
        kept = [line for line in self.metrics() if line["env_steps"] <= env_steps]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        (self._path / "metrics.jsonl").write_text(text)

    def write_metrics(self, metrics, speeds):
        """Adds an evaluation to `metrics.jsonl` and to TensorBoard's events.

        Args:
          metrics: a dict of numbers, or None where one is unknown; `env_steps` is among them.
          speeds: what only TensorBoard shows, a dict of numbers.
        """
        with (self._path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(metrics) + "\n")
        known = {
            name if "/" in name else f"evaluation/{name}": value
            for name, value in (metrics | speeds).items()
            if value is not None and name != "env_steps"
        }
        self.tensorboard.write_scalars(metrics["env_steps"], known)

    def write_result(self, result):
        """Writes `result.json`."""
        (self._path / "result.json").write_text(json.dumps(result, indent=2) + "\n")


def check(path, config):
    """Checks that a run may use a folder, and changes nothing.

    Raises:
      UserError: the folder cannot be written, or holds a run of another configuration.
    """
    path = pathlib.Path(path)
    existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UserError(f"--logdir {path} cannot be written; choose another folder")
    if not (path / "config.json").exists():
        return
    try:
        found = json.loads((path / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"--logdir {path} is damaged ({error}); choose another folder") from error
    if not isinstance(found, dict):
        raise UserError(f"--logdir {path} is damaged (config.json); choose another folder")
    told = _as_json(config)
    for name in sorted(found.keys() | told.keys()):
        if found.get(name) != told.get(name):
            raise UserError(
                f"--logdir {path} holds a run with {name}={found.get(name)}, "
                f"not {told.get(name)}; choose another folder"
            )


def _as_json(config):
    # Tuples become lists, as they are in the file.
    return json.loads(json.dumps(dataclasses.asdict(config)))
