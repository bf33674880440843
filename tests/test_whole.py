"""What is replaced at once, looked at while it is; a writer that is killed leaves nothing half."""

import multiprocessing
import os
import pathlib
import signal
import threading
import time

import pytest

from mgail_tf import whole


def test_a_file_is_written_and_replaced(tmp_path):
    for content in "one", b"two", "":
        whole.write(tmp_path / "file", content)
        expected = content.encode() if isinstance(content, str) else content
        assert (tmp_path / "file").read_bytes() == expected
        assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    whole.write(tmp_path / "file", "before")
    with pytest.raises(UnicodeEncodeError):
        whole.write(tmp_path / "file", "\ud800")
    with pytest.raises(RuntimeError):
        fill(tmp_path / "folder", tmp_path / "aside", "1", failing=True)
    assert (tmp_path / "file").read_text() == "before"
    assert os.listdir(tmp_path) == ["file"]


def fill(folder: pathlib.Path, aside: pathlib.Path, content: str, failing: bool = False) -> None:
    with whole.replaced(folder, aside):
        for name in "ab":
            (aside / name).write_text(content)
        if failing:
            raise RuntimeError


@pytest.mark.parametrize("exchanging", [True, False])
def test_a_folder_is_replaced_as_a_whole(exchanging, tmp_path, monkeypatch):
    if not exchanging:
        monkeypatch.setattr(whole, "_exchange", lambda one, other: False)
    folder, aside = tmp_path / "folder", tmp_path / "aside"
    aside.mkdir()
    (aside / "left").touch()  # By an attempt that was killed.
    for content in "one", "two":
        fill(folder, aside, content)
        assert sorted(os.listdir(folder)) == ["a", "b"] and os.listdir(tmp_path) == ["folder"]
        assert [(folder / name).read_text() for name in "ab"] == [content] * 2


def test_a_file_may_be_where_the_folder_goes(tmp_path):
    for name in "folder", "aside":
        (tmp_path / name).write_text("a file")
    fill(tmp_path / "folder", tmp_path / "aside", "new")
    assert (tmp_path / "folder").is_dir() and not (tmp_path / "aside").exists()


def test_at_no_moment_is_there_none(tmp_path):
    folder, seen = tmp_path / "folder", []
    fill(folder, tmp_path / "aside", "0")
    ended = threading.Event()

    def look():
        while not ended.is_set():
            seen.append((folder / "b").exists())

    looking = threading.Thread(target=look)
    looking.start()
    for content in range(50):
        fill(folder, tmp_path / "aside", str(content))
    ended.set()
    looking.join()
    assert set(seen) == {True}


def write_again_and_again(folder: pathlib.Path) -> None:
    for number in range(10**9):
        whole.write(folder / "file", f"{number}" * 10_000)
        fill(folder / "folder", folder / "aside", f"{number}" * 10_000)
        with whole.added(folder / "added", folder / "added" / "unfinished"):
            for name in f"{number}.data", f"{number}.index":
                (folder / "added" / "unfinished" / name).write_text("x" * 10_000)


def test_a_writer_that_is_killed_leaves_nothing_half(tmp_path):
    (tmp_path / "added").mkdir()
    context = multiprocessing.get_context("spawn")
    for attempt in range(5):
        writer = context.Process(target=write_again_and_again, args=[tmp_path])
        writer.start()
        assert writer.pid
        while not (tmp_path / "added" / "1.index").exists():
            time.sleep(0.01)
        time.sleep(0.05 + 0.013 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        texts = [(tmp_path / "file").read_text()]
        folder = [(tmp_path / "folder" / name).read_text() for name in "ab"]
        for text in [*texts, *folder]:
            assert text == text[: len(text) // 10_000] * 10_000
        assert folder[0] == folder[1]
        for index in (tmp_path / "added").glob("*.index"):
            assert index.read_text() == index.with_suffix(".data").read_text() == "x" * 10_000
