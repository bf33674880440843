"""Searches for hyperparameters of a task: python experiments/sweep.py --env ENV --expert_data DATA.

Ray Tune does trials, each a run with other options, and stops those that are far behind others
(ASHA). What counts is `imitation_distance`, how far the policy is from the demonstrations; no
reward is looked at. The flags are those of run/main.py, and some of its own.
"""

from collections.abc import Sequence
import pathlib
import sys
from typing import Any, NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import flags

from experiments import provenance, tables
from mgail_tf import config as configs
from mgail_tf import extras
from mgail_tf.commands import checking, command_line, train
from mgail_tf.errors import UserError

SEARCH = flags.DEFINE_multi_string(
    "search",
    [
        "policy_learning_rate=1e-4:1e-3",
        "noise_stddev=0.1:0.6",
        "cloning_weight=1:30",
        "mean_cut_length=100,300,1000",
    ],
    "an option and its values: NAME=LOW:HIGH, drawn on a logarithmic scale, or NAME=A,B,C; may be "
    "repeated",
)
SAMPLES = flags.DEFINE_integer("samples", 16, "number of trials", lower_bound=1)
CLUSTER = flags.DEFINE_string(
    "cluster", None, "HOST:PORT of a Ray cluster (default: this machine alone); see docs/cluster.md"
)
STORAGE = flags.DEFINE_string(
    "storage",
    None,
    "holds the copies of the trials' run folders; the same again: the search goes on",
)
CORES = flags.DEFINE_integer("cores", 1, "cores of a trial", lower_bound=1)
# What a trial has of its own.
NOT_GIVEN = train.LOGDIR, train.CHECK, train.PROFILE
# What is no setting of a trial, but of how it is done.
PROCESSES = train.ENV_PROCESSES, train.EVALUATION_PROCESS


class Searched(NamedTuple):
    """An option that is searched.

    Attributes:
      values: those that it may have, or the ends of their range.
    """

    name: str
    values: Sequence[Any]
    is_range: bool


def parse(text: str) -> Searched:
    """Reads what `--search` says of an option.

    Raises:
      UserError: it says nothing of that kind.
    """
    name, _, told = text.partition("=")
    if name not in train.FLAGS:
        raise UserError(f"--search={text}: there is no option {name}; --helpfull lists them")
    is_range = ":" in told
    try:
        parser = flags.FLAGS[name].parser
        values: list[Any] = [parser.parse(word) for word in told.split(":" if is_range else ",")]
        if is_range:
            low, high = values
            if not isinstance(low, int | float):
                raise ValueError("words have no range")
            if not 0 < low < high:
                raise ValueError("LOW must be above 0, and HIGH above LOW")
    except (TypeError, ValueError) as error:
        raise UserError(f"--search={text}: {error}; use NAME=LOW:HIGH or NAME=A,B,C") from error
    return Searched(name, values, is_range)


def main() -> None:
    """Checks everything, searches, and tells which trials came closest."""
    for flag in NOT_GIVEN:
        if flag.present:
            raise UserError(f"--{flag.name} is not for a search; its trials have their own")
    if not STORAGE.value:
        raise UserError("--storage=PATH is missing: trials that are lost go on from there")
    given = train.settings()
    searched = [parse(text) for text in SEARCH.value]
    for each in searched:
        for value in each.values:
            configs.make(**given | {each.name: value})
    run = configs.make(**given).run
    asked = *(f"--search={text}" for text in SEARCH.value), f"--samples={SAMPLES.value}"
    with extras.needed("searching", "cluster"):
        from experiments import cluster, search, trial
    told = trial.words(given | {flag.name: flag.value for flag in PROCESSES if flag.present})
    cluster.check(CLUSTER.value, STORAGE.value)
    checking.check(run)
    with cluster.joined(CLUSTER.value, STORAGE.value):
        results = search.execute(
            {each.name: search.domain(each.values, each.is_range) for each in searched},
            told,
            run.total_steps,
            SAMPLES.value,
            STORAGE.value,
            CORES.value,
            provenance.portable(pathlib.Path(__file__), (*told, *asked)),
        )
    names = [each.name for each in searched]
    report(results, names, told, STORAGE.value)


def report(results: Any, names: Sequence[str], given: Sequence[str], storage: str) -> None:
    """Prints the trials, the closest first, and the command of the best that came to its end.

    Args:
      results: what Tune returns.
      names: of the options that were searched.
      given: the other flags.
      storage: holds the copies of the run folders.

    Raises:
      UserError: no trial came to its end.
    """
    from experiments import trial

    told = [each for each in results if each.metrics and trial.OBJECTIVE in each.metrics]
    told.sort(
        key=lambda each: (not each.metrics["is_finished"], each.metrics[trial.OBJECTIVE]),
    )
    rows = [
        (
            each.metrics["trial_id"],
            *(
                f"{each.config[name]:.4g}"
                if isinstance(each.config[name], float)
                else each.config[name]
                for name in names
            ),
            f"{each.metrics[trial.STEPS]:,}",
            tables.number(each.metrics[trial.OBJECTIVE]),
            "yes" if each.metrics["is_finished"] else "stopped",
        )
        for each in told
    ]
    command_line.print_table(("trial", *names, "steps", "distance", "finished"), rows)
    if not told or not told[0].metrics["is_finished"]:
        raise UserError("no trial came to its end; their logs are in --storage, log.txt of each")
    best = trial.words(told[0].config)
    print(f"\n{provenance.portable(provenance.ROOT / 'run' / 'main.py', (*given, *best))}")
    print(f"its run folder is {storage}/{told[0].metrics['trial_id']}")


def program() -> None:
    """The console command."""
    command_line.run(main)


if __name__ == "__main__":
    program()
