"""Programs whose reader goes away, or whose output has no room."""

import pathlib
import subprocess
import sys

from programs import ROOT
import pytest

PROGRAMS = [["tabulate_results.py", "--runs=."], ["main.py", "--help"], ["main.py", "--helpfull"]]


def go(program, stdout, folder):
    command = [sys.executable, ROOT / "run" / program[0], *program[1:]]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=folder)


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_a_reader_that_goes_away_ends_a_program_silently(program, tmp_path):
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    assert reader.stdin
    with reader.stdin:
        done = go(program, reader.stdin, tmp_path)
    # Of nothing to tell there is nothing to print.
    assert done.returncode in (128 + 13, 2) and "Traceback" not in done.stderr, done.stderr


def test_a_stdout_that_is_closed_is_no_fault(tmp_path):
    expert = ROOT / "expert_data" / "CartPole" / "expert"
    told = f"--saved_model={expert} --env=CartPole --episodes=1 --json"
    program = f"{sys.executable} {ROOT / 'run' / 'evaluate.py'}"
    done = subprocess.run(
        f"{program} {told} >&-", shell=True, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("program", PROGRAMS[1:], ids=" ".join)
def test_output_that_has_no_room_is_told(program, tmp_path):
    with open("/dev/full", "w") as full:
        done = go(program, full, tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "what is printed cannot be written (No space left on device)" in done.stderr
