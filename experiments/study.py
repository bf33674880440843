"""What a study is, and what it asks of whatever runs it."""

from collections.abc import Mapping
import concurrent.futures
import dataclasses
import pathlib
from typing import Protocol

from experiments.result import Result

# Of a run's output, in its folder.
LOG = "log.txt"


@dataclasses.dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
      name: names its folder and its result; no two runs of a study have the same.
      flags: of `run/main.py`, each as `--name=value`, without `--logdir`.
    """

    name: str
    flags: tuple[str, ...]


class Study(Protocol):
    """A file of `studies/`.

    It may also have functions `prepare()`, which writes what the runs need, before they start;
    `chosen(quick)`, which gives those of its runs that its own flags ask for; and
    `write(results, folder)`, which writes files into the folder of its results.
    """

    def runs(self, quick: bool) -> list[Run]:
        """The runs in the order in which they start.

        Args:
          quick: whether only a first look is wanted, which may take minutes.
        """
        ...

    def report(self, results: Mapping[str, Result], folder: pathlib.Path) -> None:
        """Prints the study's tables, and draws its pictures.

        Args:
          results: of the finished runs, by name; any may be missing.
          folder: where the pictures go.
        """
        ...


@dataclasses.dataclass(frozen=True)
class Job:
    """A command line to run.

    It holds nothing but what another machine can be sent.

    Attributes:
      arguments: the program and what it is told, but for the folder.
      folder: of the run; its output and where it comes from are written there. On another machine
        it is another one, of the same name.
      command: the same as one types it anywhere, for the record.
    """

    arguments: tuple[str, ...]
    folder: pathlib.Path
    command: str

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command line."""
        return *self.arguments, f"--logdir={self.folder}"


class Pool(Protocol):
    """Runs jobs; `local.LocalPool` on this machine, `cluster.RayPool` on a cluster.

    Attributes:
      processes: how many run at once.
    """

    processes: int

    def submit(self, job: Job) -> concurrent.futures.Future[int]:
        """Runs a job when its turn comes, which is the order in which they are submitted.

        Returns:
          A future that is `running` once the job is, and whose result is its exit status.
        """
        ...

    def stop(self) -> None:
        """Ends what runs and drops what waits."""
        ...
