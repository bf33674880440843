"""The run folder: the settings of a run, what it measured, and what came out."""

from collections.abc import Mapping, Sequence
import dataclasses
import math
import pathlib
from typing import Any
import warnings

from mgail_tf import strict_json, surroundings, whole, writable
from mgail_tf.config import Config, Reporting
from mgail_tf.errors import DataWarning, UserError

# Counts the changes of what a run folder holds. A run of another version cannot be resumed.
VERSION = 11

# The entry of `config.json` that names the demonstrations by what is in them, because a path may
# hold others tomorrow.
FINGERPRINT = "demonstrations_fingerprint"
# The entry that says with what the run was begun, or gone on last.
MADE_WITH = "made_with"

# The entries of `config.json` that need not be as they were. The fingerprint is compared apart.
MAY_CHANGE = {
    "total_steps",
    FINGERPRINT,
    MADE_WITH,
    *(field.name for field in dataclasses.fields(Reporting)),
}

# What a line of `metrics.jsonl` must have for a run to go on.
LINE = {"env_steps": int, "normalized_return": float | int | None}

# What to do about a damaged run folder.
ANOTHER = "choose another `logdir`"


class RunFolder:
    """Reads and writes a run's folder.

    Args:
      path: the folder; made if it does not exist.
      config: the settings of the run.
      fingerprint: of the demonstrations that it learns from.

    Attributes:
      checkpoints, saved_model: where these go.
      tensorboard: the run's events.

    Raises:
      NotWritten: the folder cannot be written.
      UserError: it holds a run of other settings.
    """

    def __init__(self, path: str | pathlib.Path, config: Config, fingerprint: str | None = None):
        # It takes seconds to import, and `check` does without.
        from mgail_tf.training.tensorboard import TensorBoard

        # Absolute: a program may change its working directory while it trains.
        self._path = pathlib.Path(path).absolute()
        self.checkpoints = self._path / "checkpoints"
        self.saved_model = self._path / "saved_model"
        self._written: Sequence[Mapping[str, Any]] | None = None
        check(path, config, fingerprint)
        settings, file = _as_json(config, fingerprint), self._path / "config.json"
        before = strict_json.read(file, dict, ANOTHER) if file.exists() else {}
        made_with = before.get(MADE_WITH)
        if not isinstance(made_with, dict):
            made_with = {}
        if changes := surroundings.differences(made_with, settings[MADE_WITH]):
            warnings.warn(
                f"{path}: this run was begun {changes}; it will not end bit for bit as it would "
                "have ended there",
                DataWarning,
                stacklevel=2,
            )
        with whole.refusals_told(f"`logdir` {path}"):
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.tensorboard = TensorBoard(self._path / "tensorboard", self._path.name)
            if before != settings:
                self.tensorboard.write_config(config.flat())
                _write_json(file, settings)

    @property
    def is_there(self) -> bool:
        """Whether nobody has moved or removed it since."""
        return self.checkpoints.is_dir()

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl` so far, without one that was not finished."""
        return _metrics(self._path)

    def forget_after(self, evaluations: int, env_steps: int) -> None:
        """Drops what a resumed run will measure again, here and in TensorBoard's events.

        Args:
          evaluations: how many have begun; so many lines of `metrics.jsonl` there can be.
          env_steps: those that were taken.
        """
        lines = self.metrics()[:evaluations]
        kept = [line for line in lines if line["env_steps"] <= env_steps]
        self._write_metrics(kept)
        self.tensorboard.forget_after(kept[-1]["env_steps"] if kept else -1)

    def write_metrics(
        self, metrics: Mapping[str, float | None], speeds: Mapping[str, float]
    ) -> None:
        """Adds an evaluation to TensorBoard's events, and then to `metrics.jsonl`.

        Args:
          metrics: numbers by name, None where one is unknown; `env_steps` is among them.
          speeds: numbers that only TensorBoard shows.
        """
        scalars = {
            name if "/" in name else f"evaluation/{name}": value
            for name, value in {**metrics, **speeds}.items()
            if value is not None and name != "env_steps"
        }
        self.tensorboard.write_scalars(int(metrics["env_steps"] or 0), scalars)
        # What somebody has taken out of the file since is not lost.
        lines = self.metrics() if self._written is None else self._written
        self._write_metrics([*lines, metrics])

    def _write_metrics(self, lines: Sequence[Mapping[str, Any]]) -> None:
        self._written = lines
        text = "".join(strict_json.dumps(line) + "\n" for line in lines)
        whole.write(self._path / "metrics.jsonl", text)

    def first_reached(self, normalized_return: float) -> dict[str, Any] | None:
        """The first line of `metrics.jsonl` at or above a normalised return; None if none is."""
        for line in self.metrics():
            value = line["normalized_return"]
            if (-math.inf if value is None else value) >= normalized_return:
                return line
        return None

    def forget_result(self) -> None:
        """Removes `result.json` where a finished run goes on: it is of another policy by then."""
        (self._path / "result.json").unlink(missing_ok=True)

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Writes `result.json`."""
        _write_json(self._path / "result.json", result)


def check(path: str | pathlib.Path, config: Config, fingerprint: str | None = None) -> None:
    """Checks that a run may use a folder, and changes nothing.

    A run may go on with another budget than it began with, and be reported otherwise.

    Args:
      path: the folder.
      config: the settings of the run.
      fingerprint: of the demonstrations; None if they are not known yet, and not compared.

    Raises:
      UserError: the folder cannot be written, or holds a run of other settings or demonstrations,
        or one that has already taken more steps.
    """
    path = pathlib.Path(path)
    if not writable.is_folder_possible(path):
        raise UserError(f"`logdir` {path} cannot be written; choose another folder")
    if not writable.can_tensorflow_use(path):
        raise UserError(
            f"`logdir` {str(path)!a}: {writable.NOT_FOR_TENSORFLOW}; choose another folder"
        )
    taken = steps_taken(path)
    has_checkpoints = any((path / "checkpoints").glob("ckpt-*.index"))
    if not (path / "config.json").exists():
        if has_checkpoints:
            raise UserError(
                f"`logdir` {path} holds checkpoints, and no config.json that says of which run; "
                "bring it back, or choose another folder"
            )
        return
    present = strict_json.read(path / "config.json", dict, ANOTHER)
    asked = _as_json(config, fingerprint)
    if present.get("run_folder_version") != VERSION:
        raise UserError(
            f"`logdir` {path} holds a run of another version of mgail_tf, which cannot be resumed; "
            "choose another folder"
        )
    for name in sorted(present.keys() | asked.keys()):
        if name in MAY_CHANGE:
            continue
        if present.get(name) != asked.get(name):
            raise UserError(
                f"`logdir` {path} holds a run with {name}={present.get(name)}, "
                f"not {asked.get(name)}; choose another folder"
            )
    if fingerprint is not None and fingerprint != present.get(FINGERPRINT):
        raise UserError(
            f"`logdir` {path} holds a run that learned from other demonstrations than those that "
            f"{config.run.expert_data or config.run.env} gives now; choose another `logdir`, or "
            "bring them back"
        )
    if not isinstance(present.get("total_steps"), int):
        raise UserError(f"`logdir` {path} is damaged (config.json has no `total_steps`); {ANOTHER}")
    if taken and not has_checkpoints:
        raise UserError(
            f"`logdir` {path} holds a run that has taken {taken} steps, and its checkpoints are "
            "gone; bring them back, or choose another folder"
        )
    if present["total_steps"] > config.run.total_steps < taken:
        raise UserError(
            f"`logdir` {path} holds a run that has taken {taken} steps, more than "
            f"`total_steps={config.run.total_steps}`; raise it, or choose another folder"
        )


def identity(config: Config, fingerprint: str) -> str:
    """Names a run by what it must be resumed with: settings and demonstrations.

    Args:
      config: the settings.
      fingerprint: of the demonstrations.
    """
    kept = {name: value for name, value in config.flat().items() if name not in MAY_CHANGE}
    return strict_json.dumps(kept | {FINGERPRINT: fingerprint})


def steps_taken(path: str | pathlib.Path) -> int:
    """The environment steps of the last evaluation of a run; 0 without any.

    Raises:
      UserError: `metrics.jsonl` is damaged.
    """
    return max((line["env_steps"] for line in _metrics(pathlib.Path(path))), default=0)


def _metrics(path: pathlib.Path) -> list[dict[str, Any]]:
    return strict_json.read_lines(path / "metrics.jsonl", LINE, ANOTHER, may_be_cut=True)


def _as_json(config: Config, fingerprint: str | None) -> dict[str, Any]:
    own = {"run_folder_version": VERSION, MADE_WITH: surroundings.describe()}
    return own | config.flat() | {FINGERPRINT: fingerprint}


def _write_json(file: pathlib.Path, values: Mapping[str, Any]) -> None:
    whole.write(file, strict_json.dumps(values, indent=2) + "\n")
