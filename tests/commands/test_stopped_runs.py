"""Runs that are asked to end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

from programs import ROOT, run
import pytest

DEMONSTRATIONS = ROOT / "expert_data" / "CartPole" / "demonstrations" / "1"
RUN = ["--env=CartPole", "--logdir=run", "--total_steps=100000", "--evaluate_every=400"]


def begin(folder, *arguments):
    """A run whose processes are a group of their own, as a shell's are."""
    command = [sys.executable, ROOT / "run" / "main.py", *RUN, "--film_every=0", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_evaluations(process, metrics):
    while not metrics.exists() or len(metrics.read_text().splitlines()) < 2:
        assert process.poll() is None
        time.sleep(0.1)


def wait_for_the_last_of(group):
    """A process is there until the system has taken note of its end."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"processes of group {group} are still there")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_ends_after_the_round_and_goes_on(number, tmp_path):
    process = begin(tmp_path)
    wait_for_evaluations(process, tmp_path / "run" / "metrics.jsonl")
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number, told
    last = told.splitlines()[-1]
    assert last.startswith("stopped; the work of ") and "the same command goes on" in last
    steps = int(last.split()[4].replace(",", ""))
    assert steps >= 400 and steps % 80 == 0
    if number == signal.SIGTERM:
        more = [*RUN[:2], f"--total_steps={steps + 80}", "--final_episodes=1", "--film_every=0"]
        done = run("main.py", *more, "--evaluate_every=400", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / "run" / "result.json").read_text())["env_steps"] == steps + 80


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("env_processes", [0, 2])
def test_a_signal_to_all_processes_of_a_run_ends_it_as_one_to_the_run_does(
    env_processes, number, tmp_path
):
    process = begin(tmp_path, f"--env_processes={env_processes}")
    wait_for_evaluations(process, tmp_path / "run" / "metrics.jsonl")
    os.killpg(process.pid, number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number, told
    assert told.splitlines()[-1].startswith("stopped; the work of "), told
    wait_for_the_last_of(process.pid)


def test_a_run_whose_folder_is_moved_ends_and_does_not_make_it_again(tmp_path):
    process = begin(tmp_path)
    wait_for_evaluations(process, tmp_path / "run" / "metrics.jsonl")
    (tmp_path / "run").rename(tmp_path / "moved")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2 and "Traceback" not in told, told
    assert "cannot be written (No such file or directory)" in told.splitlines()[-1]
    assert "its folder is gone; told by --logdir where it is" in told.splitlines()[-1]
    assert not (tmp_path / "run").exists()
    done = run("main.py", "--env=CartPole", "--logdir=moved", "--check", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_run_stays_where_it_was_begun(tmp_path):
    shutil.copy(ROOT / "tests" / "wandering.py", tmp_path)
    told = ["--env=wandering:Wandering-v0", f"--expert_data={DEMONSTRATIONS}", "--logdir=run"]
    less = ["--total_steps=80", "--final_episodes=1", "--film_every=0", "--accept_mismatch"]
    done = run("main.py", *told, *less, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "result.json").is_file()
    assert not any((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.4, 0.8, 1.6])
@pytest.mark.parametrize("program", ["main.py", "evaluate.py"])
def test_a_program_that_has_only_begun_ends_without_a_traceback(program, seconds, tmp_path):
    arguments = RUN[:2] if program == "main.py" else ["--saved_model=run", "--env=CartPole"]
    process = subprocess.Popen(
        [sys.executable, ROOT / "run" / program, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.1 + seconds)  # Python itself needs a moment.
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    # An evaluation may have told by then that there is no policy.
    assert process.returncode in (128 + signal.SIGINT, -signal.SIGINT, 2), told
    assert "Traceback" not in told


@pytest.mark.parametrize("seconds", [1.5, 4.0])
def test_a_run_that_has_learned_nothing_ends_at_once(seconds, tmp_path):
    process = begin(tmp_path)
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
