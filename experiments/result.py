"""What is kept of a finished run, small enough for git: tables and pictures are made of it."""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from experiments import provenance
from mgail_tf import strict_json, whole
from mgail_tf.errors import UserError

NUMBER = int | float
# What studies look at in the line of an evaluation, in a `result.json`, and in what is kept.
EVALUATION = {
    "env_steps": int,
    "normalized_return": NUMBER | None,
    "return_standard_error": NUMBER | None,
}
RESULT = {
    "env": str,
    "seed": int,
    "episodes": int,
    "env_steps": int,
    "wall_seconds": NUMBER,
    "normalized_return": NUMBER | None,
    "return_mean": NUMBER | None,
    "expert_return_mean": NUMBER | None,
    "random_return_mean": NUMBER | None,
}
KEPT = {
    "name": str,
    "result": RESULT,
    "curve": {"env_steps": [int], "normalized_return": [NUMBER | None]},
    "provenance": provenance.FORM,
}
# What to do about a damaged one.
REMOVE = "remove it"


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
    evaluations = strict_json.read_lines(run_folder / "metrics.jsonl", EVALUATION, REMOVE)
    if not evaluations:
        raise UserError(f"{run_folder} is damaged (no line in its metrics.jsonl); {REMOVE}")
    return Result(
        name,
        strict_json.read(run_folder / "result.json", RESULT, REMOVE),
        {field: [line[field] for line in evaluations] for field in EVALUATION},
        provenance.read(run_folder),
    )


def write(result: Result, folder: pathlib.Path) -> None:
    """Writes `NAME.json` into a folder, all of it or nothing.

    Each field has a line of its own, so that differences of two versions can be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fields = dataclasses.asdict(result).items()
    text = ",\n".join(f'"{name}": {strict_json.dumps(value)}' for name, value in fields)
    whole.write(_file(result.name, folder), "{\n" + text + "\n}\n")


def read(name: str, folder: pathlib.Path) -> Result | None:
    """Reads what `write` has written; None if there is no such file.

    Raises:
      UserError: the file is damaged.
    """
    file = _file(name, folder)
    if not file.exists():
        return None
    kept = strict_json.read(file, KEPT, REMOVE)
    curve = kept["curve"]
    try:
        for field in curve:
            strict_json.check(curve[field], (NUMBER | None,) * len(curve["env_steps"]), field)
    except ValueError as error:
        raise UserError(f"{file} is damaged ({error}); {REMOVE}") from error
    return Result(**{field: kept[field] for field in KEPT})


def _file(name: str, folder: pathlib.Path) -> pathlib.Path:
    return folder / f"{name}.json"
