import json
import os
import pathlib
import signal
import subprocess
import sys

from programs import ROOT
import psutil
import pytest

from experiments import node
from experiments.storage import Storage, TakenOver
from experiments.study import Job
from mgail_tf.errors import UserError

FAKE = pathlib.Path(__file__).with_name("fake_main.py")


def job(*flags, name="run"):
    return Job((sys.executable, str(FAKE), *flags), pathlib.Path("elsewhere", name), "it")


@pytest.fixture
def copy(tmp_path):
    Storage(str(tmp_path / "storage")).claim()
    return tmp_path / "storage"


def starts(copy):
    return len(json.loads((copy / "provenance.json").read_text())["starts"])


def test_a_run_is_done_once_and_its_copy_is_whole(copy):
    assert node.carry_out(job(), str(copy), 1) == 0
    kept = json.loads((copy / "result.json").read_text())
    assert not kept["resumed"] and (copy / "checkpoints" / "ckpt-1.index").exists()
    assert (copy / "log.txt").read_text() == "at work\n"
    assert node.carry_out(job(), str(copy), 1) == 0
    assert starts(copy) == 1


def test_a_run_goes_on_where_its_copy_is(copy):
    assert node.carry_out(job("--die_first"), str(copy), 1) == -signal.SIGKILL
    assert not (copy / "result.json").exists()
    assert node.carry_out(job("--die_first"), str(copy), 1) == 0
    assert json.loads((copy / "result.json").read_text())["resumed"] and starts(copy) == 2


def test_failures_are_in_the_copy(copy):
    assert node.carry_out(job("--fail"), str(copy), 1) == 3
    assert "this went wrong" in (copy / "log.txt").read_text()


def test_storage_that_is_away_for_a_while_costs_nothing(copy, tmp_path, capsys):
    """The run goes on meanwhile, and its copy is made when the storage is back."""
    looks = []

    def look(folder):
        looks.append(folder)
        if len(looks) == 1:
            copy.rename(tmp_path / "away")
        elif len(looks) == 3:
            (tmp_path / "away").rename(copy)
            (tmp_path / "gate").mkdir()
            (tmp_path / "gate" / "pid").touch()

    assert node.carry_out(job(f"--meet={tmp_path}/gate"), str(copy), 1, look=look) == 0
    assert (copy / "result.json").exists()
    assert "storage cannot be used" in capsys.readouterr().err


def test_a_run_that_goes_on_elsewhere_ends_here(copy, tmp_path):
    pids = []

    def look(folder):
        if (folder / "pid").exists() and not pids:
            pids.append(int((folder / "pid").read_text()))
            Storage(str(copy)).claim()

    with pytest.raises(TakenOver):
        node.carry_out(job(f"--meet={tmp_path}/gate"), str(copy), 1, look=look)
    assert not psutil.pid_exists(*pids)
    assert not (copy / "result.json").exists()


def test_storage_must_be_that_of_the_other_machines(tmp_path):
    with pytest.raises(UserError, match="is not the same on all machines"):
        node.carry_out(job(), str(tmp_path / "storage"), 1)
    assert not list(tmp_path.iterdir())


def test_the_folder_that_paths_are_relative_to_must_be_everywhere(copy):
    with pytest.raises(UserError, match="/nowhere is not on every machine"):
        node.carry_out(job(), str(copy), 1, "/nowhere")


# Starts a run that ends with it.
PARENT = """
import pathlib, sys
from experiments import job_process
from experiments.study import Job
folder = pathlib.Path(sys.argv[2])
job = Job((sys.executable, sys.argv[1]), folder, "it")
with job_process.claimed(folder) as log:
    job_process.start(job, log, 1, is_attached=True).wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can do that")
def test_a_run_ends_with_its_worker(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, FAKE, tmp_path / "run"],
        env=os.environ | {"SLEEP": "yes", "PYTHONPATH": str(ROOT)},
    )
    file = tmp_path / "run" / "pid"
    while not (file.exists() and file.read_text()):
        assert parent.poll() is None
    run = psutil.Process(int(file.read_text()))
    parent.kill()
    parent.wait()
    run.wait(timeout=30)
