"""Carries out a study: does the runs that are not finished, and keeps what came out.

A run is a command line, `python run/main.py FLAGS --logdir FOLDER`; so what runs it need not know
anything of the library. The same folder again resumes a run, so a study that was interrupted goes
on by the same command.
"""

from collections.abc import Sequence
import concurrent.futures
import contextlib
import dataclasses
import fnmatch
import functools
import pathlib
import re
import shlex
import sys

from experiments import provenance, result
from experiments.progress import Progress
from experiments.result import Result
from experiments.study import LOG, Job, Pool, Run
from mgail_tf.errors import UserError

MAIN = provenance.ROOT / "run" / "main.py"


@dataclasses.dataclass(frozen=True)
class Failure:
    """A run that failed, and why: mostly its status and its log's last line."""

    name: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Runner:
    """Knows where a study's runs and results are.

    Attributes:
      run_folders: holds the folder of each run, with checkpoints and all.
      results: holds `NAME.json` of each finished run; a run that has it needs no folder.
      program: what each run is a run of.
    """

    run_folders: pathlib.Path
    results: pathlib.Path
    program: pathlib.Path = MAIN

    def finished(self, runs: Sequence[Run]) -> dict[str, Result]:
        """The results of those of the runs that are finished, by name.

        Those that only a run's folder has yet are written to `results` before. So are those that
        another study has: a run of the same flags is the same run, whatever it is called.

        Raises:
          UserError: a result, or a folder, is of a run with other flags.
        """
        # Read only where a run is not finished here: it is asked after each run.
        found, others = {}, functools.cache(self._of_other_studies)
        for run in runs:
            folder = self.run_folders / run.name
            kept = result.read(run.name, self.results)
            if kept is not None:
                self._check(run, kept.provenance, self.results / f"{run.name}.json")
            elif result.is_finished(folder):
                kept = result.gather(run.name, folder)
                self._check(run, kept.provenance, folder)
                result.write(kept, self.results)
            elif (folder / provenance.FILE).exists():
                self._check(run, provenance.read(folder), folder)
            elif other := others().get(words(self._command(run))):
                kept = dataclasses.replace(other, name=run.name)
                result.write(kept, self.results)
            if kept is not None:
                found[run.name] = kept
        return found

    def _of_other_studies(self) -> dict[frozenset[str], Result]:
        """The results beside this study's, by the words of their commands."""
        found = {}
        for file in sorted(self.results.parent.glob("*/*.json")):
            # Whether another study's file is damaged is told where that study is done.
            with contextlib.suppress(UserError):
                kept = file.parent != self.results and result.read(file.stem, file.parent)
                if kept:
                    found[words(kept.provenance["command"])] = kept
        return found

    def execute(self, title: str, runs: Sequence[Run], pool: Pool) -> list[Failure]:
        """Does those of the runs that are not finished.

        Args:
          title: what the line of progress begins with.
          runs: in the order in which they start.
          pool: does them; stopped by the caller, if this is interrupted.

        Returns:
          Those that failed; they do not stop the others.

        Raises:
          UserError: as `finished`; then no run is started.
        """
        finished = self.finished(runs)
        waiting = [run for run in runs if run.name not in finished]
        futures = {pool.submit(self._job(run)): run for run in waiting}
        failures: dict[str, Failure] = {}
        # Where a line cannot be written anew, as in a file, fewer will do.
        interval = 1.0 if sys.stderr.isatty() else 60.0
        pending = set(futures)
        with contextlib.closing(Progress(title, runs, pool.processes)) as progress:
            while True:
                running = [run.name for future, run in futures.items() if future.running()]
                progress.show(finished, running, failures.keys())
                if not pending:
                    break
                over, pending = concurrent.futures.wait(
                    pending, interval, concurrent.futures.FIRST_COMPLETED
                )
                for future in over:
                    run = futures[future]
                    try:
                        finished |= self._outcome(run, future.result())
                    except (OSError, UserError) as error:
                        failures[run.name] = Failure(run.name, str(error))
        return [failures[run.name] for run in waiting if run.name in failures]

    def _job(self, run: Run) -> Job:
        folder = self.run_folders / run.name
        arguments = sys.executable, str(self.program), *run.flags
        return Job(arguments, folder, self._command(run))

    def _command(self, run: Run) -> str:
        return provenance.portable(self.program, run.flags)

    def _check(self, run: Run, recorded: dict, place: pathlib.Path) -> None:
        if words(recorded["command"]) != words(self._command(run)):
            raise UserError(
                f"{place} is of `{recorded['command']}`, not of `{self._command(run)}`; "
                "move it away, or choose other --runs and --results"
            )

    def _outcome(self, run: Run, status: int) -> dict[str, Result]:
        folder = self.run_folders / run.name
        if status == 0 and result.is_finished(folder):
            return self.finished([run])
        raise UserError(f"status {status}: {last_line(folder / LOG)} ({folder / LOG})")


def words(command: str) -> frozenset[str]:
    """What a command says, whatever the order of its flags."""
    return frozenset(shlex.split(command))


def last_line(log: pathlib.Path) -> str:
    """The last line of a log that is not empty; of a progress bar, what it showed last."""
    lines = re.split(r"[\r\n]+", log.read_text(errors="replace"))
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing was written")


def matching(runs: Sequence[Run], pattern: str) -> list[Run]:
    """Those of the runs whose names match a pattern such as `Hopper-*`.

    Raises:
      UserError: there are none.
    """
    chosen = [run for run in runs if fnmatch.fnmatchcase(run.name, pattern)]
    if not chosen:
        raise UserError(
            f"--only={pattern}: matches no run; they are {runs[0].name} to {runs[-1].name}"
        )
    return chosen
