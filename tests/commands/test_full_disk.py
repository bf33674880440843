"""Disks that are full, or can only be read: small ones that are mounted for the test."""

import contextlib
import resource
import subprocess
import sys

import kills
import numpy as np
from programs import ROOT, run
import pytest

from mgail_tf.loaded_policy import load

RUN = ["--env=CartPole", "--total_steps=480", "--evaluate_every=160", "--film_every=0"]
RUN += ["--evaluation_episodes=2", "--final_episodes=2"]


@pytest.fixture
def disk(tmp_path):
    """Mounts a disk, or mounts it once more with other options; returns its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        subprocess.run(command, check=True, capture_output=True)
        return folder

    try:
        mount("size=1m")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine does not let us mount a disk")
    yield lambda options: mount(f"remount,{options}")
    subprocess.run(["umount", folder], check=True)


def last_line(done):
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    return done.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run folder of a run that always had room."""
    folder = tmp_path_factory.mktemp("whole")
    assert not run("main.py", *RUN, "--logdir=run", folder=folder).returncode
    return folder / "run"


@pytest.mark.parametrize("size", ["1m", "13m"])
def test_a_run_goes_on_when_there_is_room(size, disk, whole):
    folder = disk(f"size={size}")
    done = run("main.py", *RUN, "--logdir=run", folder=folder)
    assert "cannot be written (No space left on device)" in last_line(done)
    if size == "13m":  # Two checkpoints have room.
        assert "the same command goes on from there once this is mended" in last_line(done)
        assert np.shape(load(folder / "run").deterministic(np.zeros(4))) == ()
        assert (folder / "run" / "metrics.jsonl").read_text()
    disk("size=60m")
    done = run("main.py", *RUN, "--logdir=run", folder=folder)
    assert done.returncode == 0, done.stderr
    assert [*kills.differences(folder / "run", whole)] == []


@pytest.mark.parametrize(
    "program",
    [
        ["collect_demonstrations.py", "--env=CartPole", "--num_trajectories=3", "--out=out"],
        ["export.py", "--saved_model={policy}", "--out=out"],
        ["evaluate.py", "--saved_model={policy}", "--env=CartPole", "--video=out.mp4"],
        ["train_expert.py", "--env=CartPole", "--experts=out", "--total_steps=2048"],
    ],
    ids=lambda program: program[0],
)
def test_programs_say_so_and_leave_nothing_that_is_not_whole(program, disk, whole):
    if program[0] == "train_expert.py":
        pytest.importorskip("sb3_contrib")
    folder = disk("size=8k")
    name, *arguments = (each.format(policy=whole / "saved_model") for each in program)
    done = run(name, *arguments, folder=folder)
    assert "No space left on device" in last_line(done)
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_limit_on_the_size_of_files_is_told_as_well(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    command = [sys.executable, ROOT / "run" / "main.py", *RUN, "--logdir=run"]
    with contextlib.chdir(tmp_path):
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert "checkpoints cannot be written (File too large)" in last_line(done)


def test_a_folder_that_can_only_be_read_is_told_before_anything_else(disk):
    folder = disk("ro")
    done = run("main.py", *RUN, "--logdir=run", folder=folder)
    assert "cannot be written" in last_line(done) and done.stderr.count("\n") == 1


def test_a_disk_that_can_only_be_read_by_now_ends_a_run(disk):
    folder = disk("size=60m")
    assert not run("main.py", *RUN, "--logdir=run", folder=folder).returncode
    before = (folder / "run" / "result.json").read_text()
    disk("ro")
    done = run("main.py", *RUN, "--logdir=run", "--total_steps=640", folder=folder)
    assert "cannot be" in last_line(done)
    assert (folder / "run" / "result.json").read_text() == before
