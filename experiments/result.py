"""What is kept of a finished run, small enough for git: tables and pictures are made of it."""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from experiments import provenance
from mgail_tf import strict_json
from mgail_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes:
      name: the run's.
      result: its `result.json`.
      curve: of each evaluation on the way its `env_steps`, its `normalized_return` and the
        `return_standard_error` of its mean return, lists of equal length; None where one is not
        known. Results of earlier versions have no errors.
      provenance: the command, and for each start of it commit and machine; see `provenance.py`.
    """

    name: str
    result: dict[str, Any]
    curve: dict[str, list[Any]]
    provenance: dict[str, Any]

    @property
    def normalized_return(self) -> float:
        """The final normalised return; NaN if it is not known."""
        return float(_known(self.result.get("normalized_return")))

    @property
    def steps(self) -> np.ndarray:
        """Environment steps at each evaluation on the way."""
        return np.array(self.curve["env_steps"], np.int64)

    @property
    def returns(self) -> np.ndarray:
        """Normalised returns at each evaluation on the way; NaN where one is not known."""
        return np.array([_known(value) for value in self.curve["normalized_return"]], np.float64)

    @property
    def standard_errors(self) -> np.ndarray:
        """Of `returns`, those of the evaluations alone; NaN where one is not known."""
        errors = self.curve.get("return_standard_error", [None] * len(self.returns))
        expert, random = (self.result[f"{who}_return_mean"] for who in ("expert", "random"))
        return np.array([_known(error) for error in errors], np.float64) / abs(
            _known(expert) - random
        )


def _known(value: float | None) -> float:
    return np.nan if value is None else value


def is_finished(run_folder: pathlib.Path) -> bool:
    """Whether a run has come to its end."""
    return (run_folder / "result.json").exists()


def gather(name: str, run_folder: pathlib.Path) -> Result:
    """Makes a `Result` of a finished run's folder.

    Raises:
      UserError: the folder is damaged, or the run was not started by the runner: nothing says what
        it was told, so it may be another run of the same name.
    """
    if not (run_folder / provenance.FILE).exists():
        raise UserError(
            f"{run_folder} has a result, but no {provenance.FILE} that says of what; "
            "move it away, or choose other --runs"
        )
    metrics = run_folder / "metrics.jsonl"
    try:
        lines = metrics.read_text().splitlines() if metrics.exists() else []
        evaluations = [json.loads(line) for line in lines]
        return Result(
            name,
            json.loads((run_folder / "result.json").read_text()),
            {
                "env_steps": [line["env_steps"] for line in evaluations],
                "normalized_return": [line["normalized_return"] for line in evaluations],
                "return_standard_error": [line["return_standard_error"] for line in evaluations],
            },
            provenance.read(run_folder),
        )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{run_folder} is damaged ({error!r}); remove it") from error


def write(result: Result, folder: pathlib.Path) -> None:
    """Writes `NAME.json` into a folder, all of it or nothing.

    Each field has a line of its own, so that differences of two versions can be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fields = dataclasses.asdict(result).items()
    text = ",\n".join(f'"{name}": {strict_json.dumps(value)}' for name, value in fields)
    provenance.write_whole(_file(result.name, folder), "{\n" + text + "\n}\n")


def read(name: str, folder: pathlib.Path) -> Result | None:
    """Reads what `write` has written; None if there is no such file.

    Raises:
      UserError: the file is damaged.
    """
    file = _file(name, folder)
    try:
        return Result(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file} is damaged ({error}); remove it") from error


def _file(name: str, folder: pathlib.Path) -> pathlib.Path:
    return folder / f"{name}.json"
