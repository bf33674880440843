import os
import subprocess
import sys

import pytest

from mgail_tf.errors import UserError
from mgail_tf.training import run_lock

HOLDING = """
import sys, time
from mgail_tf.training import run_lock
with run_lock.hold(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_holds_where_its_file_was_removed(tmp_path):
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout and first.stdout.readline() == "held\n"
        (tmp_path / run_lock.FILE).unlink()
        with (
            pytest.raises(UserError, match="another process is at this run"),
            run_lock.hold(tmp_path),
        ):
            pass
    finally:
        first.kill()
        first.wait()
    with run_lock.hold(tmp_path):
        pass


def test_a_second_process_is_told_which_one_is_the_first(tmp_path):
    folder = tmp_path / "run"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout and first.stdout.readline() == "held\n"
        with (
            pytest.raises(UserError, match=f"process {first.pid} is at this run") as refused,
            run_lock.hold(folder),
        ):
            pass
        assert "\n" not in str(refused.value)
    finally:
        first.kill()
        first.wait()
    # The lock has died with its process.
    with run_lock.hold(folder):
        assert (folder / run_lock.FILE).read_text() == str(os.getpid())


def test_nothing_is_left_where_nothing_was_written(tmp_path):
    with pytest.raises(ZeroDivisionError), run_lock.hold(tmp_path / "some" / "run"):
        raise ZeroDivisionError
    assert not os.listdir(tmp_path)


def test_what_was_there_stays(tmp_path):
    (tmp_path / "config.json").touch()
    with run_lock.hold(tmp_path):
        pass
    with run_lock.hold(tmp_path / "run"):
        (tmp_path / "run" / "config.json").touch()
    assert sorted(os.listdir(tmp_path)) == ["config.json", "lock", "run"]
    assert sorted(os.listdir(tmp_path / "run")) == ["config.json", "lock"]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=r"cannot be used \(.*\); choose another"),
        run_lock.hold(tmp_path / "file" / "run"),
    ):
        pass
