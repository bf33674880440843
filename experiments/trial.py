"""A trial of a search for hyperparameters: a run on a cluster that tells Ray Tune how it goes."""

from collections.abc import Mapping, Sequence
import pathlib
import sys
from typing import Any

from ray import tune

from experiments import node, result
from experiments.provenance import portable
from experiments.storage import Storage
from experiments.study import Job
from mgail_tf import strict_json

OBJECTIVE, STEPS = "imitation_distance", "env_steps"
LINE = {STEPS: int, OBJECTIVE: float | int | None}


def run(
    searched: Mapping[str, Any],
    flags: Sequence[str],
    storage: str,
    cores: int,
    workplace: str,
    program: pathlib.Path,
) -> None:
    """Does a trial; a trial that Tune begins again goes on from its copy.

    Args:
      searched: values of options of `run/main.py`, by name.
      flags: all others.
      storage: holds the copies of the trials' run folders.
      cores: of a trial.
      workplace: where it is started, for paths among the flags.
      program: what each trial is a run of.
    """
    name = tune.get_context().get_trial_id()
    told = *flags, *words(searched)
    words_of_program = sys.executable, str(program), *told
    job = Job(words_of_program, pathlib.Path(name), portable(program, told))
    Storage(storage).check_claimed()
    copy = Storage(f"{storage}/{name}")
    copy.claim()
    node.carry_out(job, copy.place, cores, workplace, Reports())


def words(options: Mapping[str, Any]) -> list[str]:
    """Options as flags of `run/main.py`."""
    found = []
    for name, value in options.items():
        if isinstance(value, bool):
            found.append(f"--{name}" if value else f"--no{name}")
        else:
            text = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
            found.append(f"--{name}={text}")
    return found


class Reports:
    """Tells Tune what a run has measured since the last time; it may end the trial then."""

    def __init__(self):
        self._told = -1

    def __call__(self, folder: pathlib.Path) -> None:
        """Tells what is new in a run's folder.

        The final evaluation of a finished run comes last: it is of the policy that is exported.
        """
        lines = strict_json.read_lines(folder / "metrics.jsonl", LINE, "", may_be_cut=True)
        for line in lines:
            if line[STEPS] > self._told:
                self._told = line[STEPS]
                self._tell(line, is_finished=False)
        if result.is_finished(folder):
            self._tell(strict_json.read(folder / "result.json", LINE, ""), is_finished=True)

    def _tell(self, measured: Mapping[str, Any], is_finished: bool) -> None:
        if measured[OBJECTIVE] is not None:
            told = {name: measured[name] for name in (STEPS, OBJECTIVE)}
            tune.report(told | {"is_finished": is_finished})
