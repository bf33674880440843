import itertools
import json
import multiprocessing
import os
import pathlib

from fsspec.implementations.local import LocalFileSystem
import pytest

from experiments import storage
from experiments.storage import Storage, TakenOver


def begin(folder: pathlib.Path, checkpoint: int) -> None:
    """Makes a run folder as it is after so many checkpoints and evaluations."""
    write(folder / "log.txt", "at work\n" * checkpoint)
    write(folder / "provenance.json", json.dumps({"command": "it", "starts": []}))
    write(folder / "config.json", "{}")
    write(folder / "lock", "17")
    write(folder / "unfinished-saved_model" / "saved_model.pb", "half of it")
    write(folder / "saved_model" / "variables" / "variables.index", f"weights {checkpoint}")
    write(folder / "metrics.jsonl", f"{checkpoint}")
    for file in folder.glob("checkpoints/*"):
        file.unlink()
    write(folder / "checkpoints" / f"ckpt-{checkpoint}.data-00000-of-00001", "state" * checkpoint)
    write(folder / "checkpoints" / f"ckpt-{checkpoint}.index", f"{checkpoint}")
    write(folder / "checkpoints" / "checkpoint", f"{checkpoint}")


def write(file: pathlib.Path, text: str) -> None:
    """Replaces a file at once, as a run does; what is written here need not outlive a blackout."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"unfinished-{file.name}")
    aside.write_text(text)
    os.replace(aside, file)


def claimed(place: object) -> Storage:
    copy = Storage(str(place))
    copy.claim()
    return copy


def contents(folder: pathlib.Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text() for file in files}


@pytest.mark.parametrize("place", ["{}/shared/run", "file://{}/shared/run", "memory://shared/run"])
def test_a_copy_is_the_run_folder(place, tmp_path):
    place = place.format(tmp_path)
    for checkpoint in 1, 2:
        begin(tmp_path / "run", checkpoint)
        copy = claimed(place)
        copy.pull(tmp_path / f"before-{checkpoint}")
        copy.push(tmp_path / "run")
        Storage(place).pull(tmp_path / f"pulled-{checkpoint}")
        kept = contents(tmp_path / "run")
        del kept["lock"], kept["unfinished-saved_model/saved_model.pb"]
        assert contents(tmp_path / f"pulled-{checkpoint}") == kept
    assert contents(tmp_path / "before-2") == contents(tmp_path / "pulled-1")


class Failing(LocalFileSystem):
    """Fails when the copy has been changed so many times."""

    left = 0

    def _change(self):
        if not self.left:
            raise OSError("the line is dead")
        self.left -= 1

    def put_file(self, path1, path2, callback=None, **kwargs):
        self._change()
        pathlib.Path(path2).write_text("half of it")
        self._change()
        super().put_file(path1, path2)

    def mv(self, path1, path2, recursive=False, maxdepth=None, **kwargs):
        self._change()
        super().mv(path1, path2)

    def rm_file(self, path):
        self._change()
        super().rm_file(path)


def test_wherever_it_is_interrupted_a_run_can_go_on_from_a_copy(tmp_path):
    run, left, checkpoints = tmp_path / "run", 0, []
    for left in itertools.count():
        place = tmp_path / f"copy-{left}"
        copy = claimed(place)
        begin(run, 1)
        copy.push(run)
        begin(run, 2)
        write(run / "result.json", "finished")
        copy._files = Failing(skip_instance_cache=True)
        copy._files.left = left
        try:
            copy.push(run)
            is_whole = True
        except storage.UserError as error:
            assert "cannot be used (the line is dead)" in str(error)
            is_whole = False
        Storage(str(place)).pull(tmp_path / f"pulled-{left}")
        pulled = contents(tmp_path / f"pulled-{left}")
        checkpoints = [name for name in pulled if name.endswith(".index") and "ckpt" in name]
        assert checkpoints
        for name in checkpoints:
            number = int(pulled[name])
            assert pulled[f"checkpoints/ckpt-{number}.data-00000-of-00001"] == "state" * number
            # A line that is missing would not be measured again.
            assert int(pulled["metrics.jsonl"]) >= number
        assert "half of it" not in pulled.values()
        if "result.json" in pulled:
            assert pulled["saved_model/variables/variables.index"] == "weights 2"
            assert "checkpoints/ckpt-2.index" in pulled
        (run / "result.json").unlink()
        if is_whole:
            break
    assert left > 20 and checkpoints == ["checkpoints/ckpt-2.index"]


def test_a_first_copy_that_was_interrupted_is_none(tmp_path):
    begin(tmp_path / "run", 1)
    copy = claimed(tmp_path / "copy")
    copy.push(tmp_path / "run")
    (tmp_path / "copy" / "checkpoints" / "ckpt-1.index").unlink()
    again = claimed(tmp_path / "copy")
    assert not again.is_begun()
    again.pull(tmp_path / "pulled")
    assert contents(tmp_path / "pulled").keys() == {"log.txt", "provenance.json"}
    # What is left of it does not stay beside what comes.
    (tmp_path / "run" / "saved_model" / "variables" / "variables.index").unlink()
    again.push(tmp_path / "run")
    assert not (tmp_path / "copy" / "saved_model" / "variables" / "variables.index").exists()


def test_only_what_has_changed_is_copied(tmp_path):
    begin(tmp_path / "run", 1)
    claimed(tmp_path / "copy").push(tmp_path / "run")
    copy = claimed(tmp_path / "copy")
    copy.pull(tmp_path / "other")

    def inodes():
        return {file: file.stat().st_ino for file in (tmp_path / "copy").rglob("*.*")}

    before = inodes()
    write(tmp_path / "other" / "metrics.jsonl", "2")
    copy.push(tmp_path / "other")
    changed = {file.name for file, inode in inodes().items() if before[file] != inode}
    assert changed == {"metrics.jsonl"}


def test_who_has_lost_a_run_cannot_change_its_copy(tmp_path):
    begin(tmp_path / "run", 1)
    lost = claimed(tmp_path / "copy")
    lost.push(tmp_path / "run")
    claimed(tmp_path / "copy")
    before = contents(tmp_path / "copy")
    begin(tmp_path / "run", 2)
    with pytest.raises(TakenOver):
        lost.push(tmp_path / "run")
    (tmp_path / "run" / "metrics.jsonl").unlink()
    with pytest.raises(TakenOver):
        lost.push(tmp_path / "run")
    assert contents(tmp_path / "copy") == before


def change(folder: pathlib.Path) -> None:
    for number in itertools.count(1):
        for name in "first", "second", "third":
            write(folder / name, str(number))


def test_a_snapshot_is_of_one_moment(tmp_path):
    for name in "first", "second", "third":
        write(tmp_path / "run" / name, "0")
    changing = multiprocessing.get_context("spawn").Process(
        target=change, args=(tmp_path / "run",), daemon=True
    )
    changing.start()
    try:
        seen = set()
        for number in itertools.count():
            aside = tmp_path / f"aside-{number}"
            aside.mkdir()
            storage.snapshot(tmp_path / "run", aside)
            first, second, third = (
                int((aside / name).read_text()) for name in ("first", "second", "third")
            )
            assert first >= second >= third >= first - 1
            seen.add(first)
            if len(seen) > 100:
                break
    finally:
        changing.kill()


def test_a_copy_of_another_command_is_refused(tmp_path):
    begin(tmp_path / "run", 1)
    copy = claimed(tmp_path / "copy")
    copy.check("it")
    copy.push(tmp_path / "run")
    copy.check("it")
    with pytest.raises(storage.UserError, match="is of `it`, not of `another`; choose another"):
        copy.check("another")


@pytest.mark.parametrize(
    ("place", "words"),
    [("{}/file", "choose another folder"), ("{}/file/in", "choose"), ("nosuch://x", "nosuch")],
)
def test_storage_that_cannot_be_written_is_told(place, words, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(storage.UserError, match=f"--storage=.*: cannot be written .*{words}"):
        storage.check_writable(place.format(tmp_path))
    storage.check_writable(f"{tmp_path}/new/one")
    storage.check_writable("memory://new/one")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
