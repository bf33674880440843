"""Copies of run folders in storage that all machines of a cluster share.

A run folder changes while it is copied, and a copy may be interrupted anywhere. So a snapshot is
taken first, which is what a kill at that moment would leave; and its files come to the storage in
an order in which a run can go on from whatever has come.
"""

from collections.abc import Iterator, Mapping
import contextlib
import os
import pathlib
import shutil
import tempfile
from typing import NamedTuple
import uuid

import fsspec.core
from fsspec.implementations.local import LocalFileSystem

from experiments import provenance
from experiments.study import LOG
from mgail_tf import writable
from mgail_tf.errors import UserError

# Names who is at a run, in the copy.
OWNER = "owner"
# What is being written there, or in the run folder.
UNFINISHED = "unfinished"
RESULT = "result.json"
# What tells of a run's starts, also if nothing else of it is there.
RECORDS = LOG, provenance.FILE


class TakenOver(UserError):
    """Another process has begun to go on with the run; this one must not change its copy."""


class Version(NamedTuple):
    """A file of a run folder as it was at a moment; one that is replaced has another inode."""

    inode: int
    size: int
    time: int


class Storage:
    """The copy of a run folder.

    Args:
      place: where it is, anything that fsspec understands: a path, `s3://bucket/runs/Hopper-0`.

    Attributes:
      place: the same for every machine.
    """

    def __init__(self, place: str):
        with _told(place):
            self._files, self._path = fsspec.core.url_to_fs(place)
        # Another machine may understand a relative path otherwise.
        self.place = self._files.unstrip_protocol(self._path).removeprefix("file://")
        self._owner: bytes | None = None
        # What is in the copy; None for a file of which it is not known what it was copied from.
        self._copied: dict[str, Version | None] = {}

    def check(self, command: str) -> None:
        """Checks that the copy is of a command, if there is one.

        Raises:
          UserError: it is not.
        """
        if not self._exists(provenance.FILE):
            return
        with tempfile.TemporaryDirectory() as aside:
            self._get(provenance.FILE, pathlib.Path(aside, provenance.FILE))
            recorded = provenance.read(pathlib.Path(aside))["command"]
        if recorded != command:
            raise UserError(
                f"{self.place} is of `{recorded}`, not of `{command}`; choose another --storage"
            )

    def is_begun(self) -> bool:
        """Whether a run can go on from the copy."""
        names = self._names()
        return RESULT in names or any(map(_is_checkpoint, names))

    def claim(self) -> None:
        """Takes over the run: from now on, whoever has claimed it before cannot change the copy."""
        self._owner = uuid.uuid4().hex.encode()
        with _told(self.place):
            self._files.makedirs(self._path, exist_ok=True)
            self._files.pipe_file(f"{self._path}/{OWNER}", self._owner)

    def check_claimed(self) -> None:
        """Checks that somebody has claimed the run, as whoever has sent it here did.

        Raises:
          UserError: nobody has, so this is other storage than theirs.
        """
        if not self._exists(OWNER):
            raise UserError(f"--storage: {self.place} is not the same on all machines")

    def pull(self, folder: pathlib.Path) -> None:
        """Copies the copy to a folder that is empty.

        One without a checkpoint is what is left of a run that was interrupted while it was copied
        for the first time. It begins anew: only its records are copied.
        """
        self._copied = dict.fromkeys(self._names())
        # The result comes last, whatever kind of checkpoints there is.
        goes_on = RESULT in self._copied or any(map(_is_checkpoint, self._copied))
        for name in self._copied:
            if goes_on or name in RECORDS:
                self._get(name, folder / name)
                self._copied[name] = _version(folder / name)

    def push(self, folder: pathlib.Path) -> None:
        """Brings the copy up to date with a run folder, which may change meanwhile.

        Raises:
          TakenOver: another process has claimed the run.
        """
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder.parent) as aside:
            now = snapshot(folder, pathlib.Path(aside))
            for name in sorted(now, key=_turn):
                if self._copied.get(name) != now[name]:
                    self._put(pathlib.Path(aside, name), name)
                    self._copied[name] = now[name]
        for name in sorted(self._copied.keys() - now.keys(), key=_turn, reverse=True):
            self._check_owner()
            with _told(self.place):
                self._files.rm_file(f"{self._path}/{name}")
            del self._copied[name]

    def _names(self) -> list[str]:
        """The files of the copy, without what is not finished."""
        with _told(self.place):
            self._files.invalidate_cache()
            found = self._files.find(self._path)
        names = [file[len(self._path) :].lstrip("/") for file in found]
        return [name for name in names if name != OWNER and not _is_unfinished(name)]

    def _exists(self, name: str) -> bool:
        with _told(self.place):
            self._files.invalidate_cache()
            return self._files.exists(f"{self._path}/{name}")

    def _get(self, name: str, file: pathlib.Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _told(self.place):
            self._files.get_file(f"{self._path}/{name}", str(file))

    def _put(self, file: pathlib.Path, name: str) -> None:
        """Adds or replaces a file of the copy; whoever reads it meanwhile reads all of one."""
        self._check_owner()
        target = f"{self._path}/{name}"
        aside = f"{self._path}/{UNFINISHED}-{name.replace('/', '-')}"
        with _told(self.place):
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(file), aside)
            self._files.mv(aside, target)

    def _check_owner(self) -> None:
        with _told(self.place):
            owner = self._files.cat_file(f"{self._path}/{OWNER}")
        if owner != self._owner:
            raise TakenOver(f"{self.place}: another process has gone on with this run")


def snapshot(folder: pathlib.Path, aside: pathlib.Path) -> Mapping[str, Version]:
    """Links the files of a run folder into an empty one, as all of them were at one moment.

    Files that are replaced at once stay as they were. Those that grow, logs, may have grown.

    Returns:
      The versions of the files, by name.
    """
    while True:
        with contextlib.suppress(FileNotFoundError):  # It was removed or replaced meanwhile.
            for name in _listed(folder):
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                os.link(folder / name, aside / name)
            linked, there = _listed(aside), _listed(folder)
            # A file that has a link keeps its inode for itself.
            if {n: v.inode for n, v in linked.items()} == {n: v.inode for n, v in there.items()}:
                return linked
        shutil.rmtree(aside)
        aside.mkdir()


def check_writable(place: str) -> None:
    """Checks that storage can be written, and leaves no file there.

    Raises:
      UserError: it cannot.
    """
    try:
        files, path = fsspec.core.url_to_fs(place)
        if isinstance(files, LocalFileSystem):
            if not writable.is_folder_possible(path):
                raise PermissionError("choose another folder")
        else:
            probe = f"{path}/{UNFINISHED}-{uuid.uuid4().hex}"
            files.makedirs(path, exist_ok=True)
            files.pipe_file(probe, b"?")
            files.rm_file(probe)
    except Exception as error:  # Each kind of storage has its own.
        raise UserError(f"--storage={place}: cannot be written ({_reason(error)})") from error


def _turn(name: str) -> tuple[int, str]:
    """When a file comes to the copy; what it needs to be of use comes before it.

    Lines of metrics that are later than the checkpoint are dropped when a run goes on, lines that
    are missing are not measured again; so they come before it. The result says that all is there.
    """
    if name == RESULT:
        return 4, name
    if _is_checkpoint(name):
        return 3, name
    if name.startswith("checkpoints/"):
        return 2, name
    return int(name == "metrics.jsonl"), name


def _is_checkpoint(name: str) -> bool:
    """Whether a file is that of a checkpoint which is written last."""
    return name.startswith("checkpoints/") and name.endswith(".index")


def _is_unfinished(name: str) -> bool:
    return any(part.startswith(UNFINISHED) for part in name.split("/"))


def _listed(folder: pathlib.Path) -> dict[str, Version]:
    """The files of a run folder that are worth keeping."""
    found = {}
    for parent, _, files in os.walk(folder):
        for file in files:
            path = pathlib.Path(parent, file)
            name = path.relative_to(folder).as_posix()
            if name != "lock" and not _is_unfinished(name) and not name.endswith(".partial"):
                found[name] = _version(path)
    return found


def _version(file: pathlib.Path) -> Version:
    state = file.stat()
    return Version(state.st_ino, state.st_size, state.st_mtime_ns)


@contextlib.contextmanager
def _told(place: str) -> Iterator[None]:
    """Says in one line that storage fails.

    Raises:
      UserError: it does.
    """
    try:
        yield
    except Exception as error:  # Each kind of storage has its own.
        raise UserError(f"--storage: {place} cannot be used ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).partition("\n")[0] or repr(error)
