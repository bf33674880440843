"""Has Ray Tune search for hyperparameters: trials far behind others are stopped (ASHA)."""

from collections.abc import Mapping, Sequence
import os
import pathlib
import sys
import tempfile
from typing import Any

import fsspec.core
import pyarrow.fs
from ray import tune
from ray.tune.schedulers import ASHAScheduler

from experiments import cluster, provenance, runner, trial
from experiments.storage import Storage

# A third of the trials goes on at each ninth and third of the budget.
REDUCTION = 3
ROUNDS = 2
# Tune's own folder in the storage.
STATE = "tune"


def execute(
    space: Mapping[str, Any],
    flags: Sequence[str],
    steps: int,
    samples: int,
    storage: str,
    cores: int,
    command: str,
    program: pathlib.Path = runner.MAIN,
) -> tune.ResultGrid:
    """Does the trials of a search, or goes on with them; this process is of a cluster by now.

    Args:
      space: domains of options, by name.
      flags: all other options of a trial.
      steps: the budget of a trial.
      samples: number of trials.
      storage: holds the copies of their run folders, and what Tune remembers.
      cores: of a trial.
      command: of the search, for the record.
      program: what each trial is a run of.

    Raises:
      UserError: the storage has another search.
    """
    copies = Storage(storage)
    copies.check(command)
    copies.claim()
    with tempfile.TemporaryDirectory(prefix="mgail_tf-") as aside:
        folder = pathlib.Path(aside, "search")
        folder.mkdir()
        provenance.record(folder, command, cores)
        copies.push(folder)
    function = tune.with_parameters(
        trial.run,
        flags=flags,
        storage=copies.place,
        cores=cores,
        workplace=os.getcwd(),
        program=program,
    )
    trainable = tune.with_resources(function, {"cpu": cores})
    files, path = fsspec.core.url_to_fs(f"{copies.place}/{STATE}")
    system = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(files))
    if tune.Tuner.can_restore(path, storage_filesystem=system):
        tuner = tune.Tuner.restore(
            path,
            trainable,
            storage_filesystem=system,
            resume_unfinished=True,
            restart_errored=True,
        )
        return tuner.fit()
    tuner = tune.Tuner(
        trainable,
        param_space=dict(space),
        tune_config=tune.TuneConfig(
            metric=trial.OBJECTIVE,
            mode="min",
            num_samples=samples,
            scheduler=ASHAScheduler(
                time_attr=trial.STEPS,
                grace_period=max(1, steps // REDUCTION**ROUNDS),
                reduction_factor=REDUCTION,
                # The last line of a run is not its end: a close look at the policy follows.
                max_t=steps + 1,
            ),
        ),
        run_config=tune.RunConfig(
            name=STATE,
            storage_path=os.path.dirname(path),
            storage_filesystem=system,
            failure_config=tune.FailureConfig(max_failures=cluster.RETRIES),
            callbacks=[Lines()],
            verbose=0,
        ),
    )
    return tuner.fit()


def domain(values: Sequence[Any], is_range: bool) -> Any:
    """What Tune draws an option's value from: a range, on a logarithmic scale, or a choice."""
    if not is_range:
        return tune.choice(list(values))
    low, high = values
    if isinstance(low, int):
        return tune.lograndint(low, high + 1)
    return tune.loguniform(low, high)


class Lines(tune.Callback):
    """Writes a line for each trial that is over."""

    def __init__(self):
        self._over = 0

    def on_trial_complete(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        """Tells how a trial ended."""
        self._over += 1
        last = trial.last_result or {}
        how = "finished" if last.get("is_finished") else "stopped"
        print(
            f"{self._over} over: {trial.trial_id} {how} after {last.get('env_steps', 0):,} steps, "
            f"distance {last.get('imitation_distance', float('nan')):.4g}",
            file=sys.stderr,
            flush=True,
        )
