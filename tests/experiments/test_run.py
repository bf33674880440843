"""The program, as a user calls it; with a fake in place of run/main.py."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from programs import ROOT, python
import pytest

FAKE = pathlib.Path(__file__).with_name("fake_main.py")
# Shells that start a program in the background may have it ignore Ctrl-C.
START = f"""
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {str(ROOT)!r})
from experiments import run, runner
runner.MAIN = pathlib.Path({str(FAKE)!r})
run.program()
"""
FOLDERS = "--results=results", "--pictures=pictures"


def run(*arguments, folder):
    return python("-c", START, arguments[0], *FOLDERS, *arguments[1:], folder=folder)


def test_a_study_from_beginning_to_report(tmp_path):
    done = run("cloning", "--only=Hopper-4-*", "--processes=3", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "| Hopper | 4 | 0.750 0.750 0.750 0.750 0.750 | 0.750 +- 0.000 |" in done.stdout
    assert "| Hopper | 1 | - - - - - | - |" in done.stdout
    assert "5 of 20 runs, of commit " in done.stdout
    names = [f"Hopper-4-{seed}" for seed in range(5)]
    kept = sorted(os.listdir(tmp_path / "results" / "cloning"))
    assert kept == [f"{name}.json" for name in names]
    again = run("cloning", "--report_only", folder=tmp_path)
    assert again.returncode == 0 and again.stdout == done.stdout
    assert sorted(os.listdir(tmp_path)) == ["results", "runs"]
    assert len((tmp_path / "runs" / "cloning" / "order.txt").read_text().split()) == 5


def test_a_quick_look_has_folders_of_its_own(tmp_path):
    done = run("cloning", "--quick", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "results") == os.listdir(tmp_path / "runs") == ["cloning-quick"]
    assert "4 of 4 runs" in done.stdout


def test_nothing_starts_beside_results_of_other_flags(tmp_path):
    run("cloning", "--only=Hopper-4-0", folder=tmp_path)
    file = tmp_path / "results" / "cloning" / "Hopper-4-0.json"
    file.write_text(file.read_text().replace("--env=Hopper", "--env=Ant"))
    done = run("cloning", "--only=Hopper-4-1", folder=tmp_path)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "--env=Ant" in line and "--env=Hopper" in line
    assert sorted(os.listdir(tmp_path / "runs" / "cloning")) == ["Hopper-4-0", "order.txt"]


def test_failures_are_told_at_the_end(tmp_path):
    folder = tmp_path / "runs" / "cloning"
    folder.mkdir(parents=True)
    (folder / "Hopper-4-1").touch()  # Where a folder should be.
    done = run("cloning", "--only=Hopper-4-[01]", folder=tmp_path)
    assert done.returncode == 1
    assert "| Hopper | 4 | 0.750 - - - - |" in done.stdout
    assert done.stderr.splitlines()[-1].startswith("Hopper-4-1 failed: ")
    shutil.rmtree(folder / "Hopper-4-0")
    shutil.rmtree(tmp_path / "results")
    done = run("cloning", "--only=Hopper-4-1", folder=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("Hopper-4-1 failed: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_runs_end_and_go_on_later(number, tmp_path):
    arguments = "cloning", "--only=Hopper-1-[012]", *FOLDERS
    process = subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        cwd=tmp_path,
        env=os.environ | {"SLEEP": "yes"},
        stderr=subprocess.PIPE,
        text=True,
    )
    files = [tmp_path / "runs" / "cloning" / f"Hopper-1-{seed}" / "pid" for seed in (0, 1)]
    deadline = time.monotonic() + 60
    while not all(file.exists() and file.read_text() for file in files):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in told
    for file in files:
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)
    assert not (tmp_path / "runs" / "cloning" / "Hopper-1-2").exists()

    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    kept = [json.loads(file.read_text()) for file in (tmp_path / "results").rglob("*-[012].json")]
    resumed = {each["name"]: each["result"]["resumed"] for each in kept}
    assert resumed == {"Hopper-1-0": True, "Hopper-1-1": True, "Hopper-1-2": False}


def test_ray_is_asked_for_where_it_is_missing(tmp_path):
    told = "cloning", "--cluster=127.0.0.1:1", "--storage=shared", *FOLDERS
    without = f"import sys\nsys.modules.update(ray=None, fsspec=None)\n{START}"
    done = python("-c", without, *told, folder=tmp_path)
    assert done.returncode == 2 and not list(tmp_path.iterdir())
    [line] = done.stderr.splitlines()
    assert line == 'error: --cluster needs ray: pip install "mgail_tf[cluster]"'


def test_help_shows_the_flags_of_a_study(tmp_path):
    program = ROOT / "experiments" / "run.py"
    assert "--processes" in python(program, "--help", folder=tmp_path).stdout
    told = python(program, "ablation", "--helpfull", folder=tmp_path).stdout
    assert "--[no]half_budgets" in told and "--processes" in told
