"""Whatever an environment does, a program ends, and says in one line why."""

import shutil
import time

from programs import ROOT, python, run
import pytest

HERE = "hostile:{}-v0"
DEMONSTRATIONS = ROOT / "expert_data" / "CartPole" / "demonstrations" / "1"


def collect(name, folder):
    shutil.copy(ROOT / "tests" / "hostile.py", folder)
    told = f"--env={HERE.format(name)}", "--policy=hostile:act", "--out=out"
    return run("collect_demonstrations.py", *told, "--num_trajectories=1", folder=folder)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("RaisesAnything", "step raised Anything: whatever"),
        ("RaisesUnspeakable", "step raised Unspeakable"),
        ("FailsToBeMade", "cannot make environment 'hostile:FailsToBeMade-v0' (Unspeakable)"),
        ("ClosesStdout", "an environment has closed stdout"),
    ],
)
def test_whatever_an_environment_does_is_told_in_one_line(name, told, tmp_path):
    done = collect(name, tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert told in done.stderr.splitlines()[-1]


def test_an_environments_thread_does_not_keep_a_program_from_ending(tmp_path):
    begun = time.monotonic()
    done = collect("LeavesAThread", tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("out: "), done.stderr
    assert time.monotonic() - begun < 50  # The thread takes 60 seconds.


def test_what_looks_like_ctrl_c_in_the_evaluation_is_the_environments(tmp_path):
    shutil.copy(ROOT / "tests" / "hostile.py", tmp_path)
    told = f"--env={HERE.format('PressesCtrlC')}", f"--expert_data={DEMONSTRATIONS}"
    less = "--evaluation_process", "--accept_mismatch", "--total_steps=80", "--logdir=run"
    done = run("main.py", *told, *less, folder=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "the environment has raised KeyboardInterrupt" in done.stderr.splitlines()[-1]


def test_a_full_stderr_changes_nothing(tmp_path):
    program = ROOT / "run" / "tabulate_results.py"
    redirected = (
        "import subprocess, sys;"
        f"done = subprocess.run([sys.executable, {str(program)!r}], stderr=open('/dev/full', 'w'));"
        "print(done.returncode)"
    )
    done = python("-c", redirected, folder=tmp_path)
    assert done.stdout == "2\n", done.stderr
