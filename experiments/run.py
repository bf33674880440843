"""Carries out a study: python experiments/run.py STUDY.

Runs that are finished are not repeated and those that were interrupted go on, so it can be stopped
and called again. The study's tables are printed at the end, and its pictures drawn.
"""

import importlib
import pathlib
import pkgutil
import signal
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import flags

from experiments import provenance, runner, studies
from experiments.local import LocalPool
from experiments.study import Pool, Study
from mgail_tf import writable
from mgail_tf.commands import command_line
from mgail_tf.errors import UserError

STUDIES = sorted(module.name for module in pkgutil.iter_modules(studies.__path__))

PROCESSES = flags.DEFINE_integer(
    "processes",
    None,
    "runs at once, each on its share of the cores (default: 2; on a cluster as many as there are "
    "cores for)",
    lower_bound=1,
)
CLUSTER = flags.DEFINE_string(
    "cluster", None, "HOST:PORT of a Ray cluster, on which the runs are done; see docs/cluster.md"
)
STORAGE = flags.DEFINE_string(
    "storage",
    None,
    "holds STUDY/NAME, the copy of each run folder of the cluster: a path that all of its machines "
    "have, or a URL that fsspec understands",
)
CORES = flags.DEFINE_integer("cores", 1, "cores of a run on the cluster", lower_bound=1)
RUNS = flags.DEFINE_string("runs", "runs", "holds STUDY/NAME, the folder of each run")
RESULTS = flags.DEFINE_string(
    "results",
    str(provenance.ROOT / "experiments" / "results"),
    "holds STUDY/NAME.json of each finished run; those that are there are not done again",
)
PICTURES = flags.DEFINE_string(
    "pictures",
    None,
    "folder of the study's pictures (default: docs; with --quick that of its results)",
)
QUICK = flags.DEFINE_boolean("quick", False, "only a first look, under the name STUDY-quick")
ONLY = flags.DEFINE_string("only", "*", "start only runs whose names match, as in --only='Hopper*'")
REPORT_ONLY = flags.DEFINE_boolean("report_only", False, "start none; report what is finished")


def main(name: str, study: Study) -> None:
    """Does the runs of a study, reports, and tells which failed."""
    title = f"{name}-quick" if QUICK.value else name
    results = pathlib.Path(RESULTS.value, title)
    carrying_out = runner.Runner(pathlib.Path(RUNS.value, title), results, runner.MAIN)
    for flag in RUNS, RESULTS, PICTURES:
        if flag.value and not writable.is_folder_possible(flag.value):
            raise UserError(f"--{flag.name}={flag.value}: cannot be written; choose another folder")
    if bool(CLUSTER.value) != bool(STORAGE.value):
        raise UserError("--cluster and --storage go together: runs that are lost go on from there")
    runs = study.runs(QUICK.value)
    # What is there is looked at first: nothing starts if some of it is of another study.
    carrying_out.finished(runs)
    failures = []
    if not REPORT_ONLY.value:
        chosen = runner.matching(getattr(study, "chosen", study.runs)(QUICK.value), ONLY.value)
        pool = _pool(title)
        try:
            getattr(study, "prepare", lambda: None)()
            failures = carrying_out.execute(title, chosen, pool)
        finally:
            pool.stop()
    try:
        finished = carrying_out.finished(runs)
        if finished:
            commits = provenance.commits([result.provenance for result in finished.values()])
            print(f"{len(finished)} of {len(runs)} runs, of commit {', '.join(commits)}\n")
            pictures = PICTURES.value or (results if QUICK.value else provenance.ROOT / "docs")
            getattr(study, "write", lambda *_: None)(finished, results)
            study.report(finished, pathlib.Path(pictures))
        elif not failures:
            raise UserError(f"{results}: nothing to report, no run is finished")
    finally:
        for failure in failures:
            print(f"{failure.name} failed: {failure.reason}", file=sys.stderr)
    if failures:
        sys.exit(1)


def _pool(title: str) -> Pool:
    """What does the runs, on this machine or on a cluster."""
    if not CLUSTER.value:
        return LocalPool(PROCESSES.value or 2)
    from experiments.cluster import RayPool  # It needs Ray.

    return RayPool(CLUSTER.value, f"{STORAGE.value}/{title}", PROCESSES.value, CORES.value)


def program() -> None:
    """The console command."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    # Being killed is the same as Ctrl-C: the runs must not outlive this process unseen.
    for number in signal.SIGTERM, signal.SIGHUP:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    if name in STUDIES:
        # A study may have flags of its own.
        study = typing.cast(Study, importlib.import_module(f"experiments.studies.{name}"))
        del sys.argv[1]
        command_line.run(lambda: main(name, study))
    if not name.startswith("--help"):
        del sys.argv[1:]
    command_line.run(_refuse)


def _refuse() -> None:
    raise UserError(f"name a study first, one of {', '.join(STUDIES)}, and then the flags")


if __name__ == "__main__":
    program()
