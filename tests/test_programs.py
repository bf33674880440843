import json
import os
import pathlib
import subprocess
import sys

import pytest

from mgail_tf.config import TASKS

RUN = pathlib.Path(__file__).parent.parent / "run"


def run(program, *arguments, folder):
    return subprocess.run(
        [sys.executable, RUN / program, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"MINARI_DATASETS_PATH": str(folder)},
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "NoSuchTask"], "NoSuchTask"),
        (["--env", "Pendulum-v1"], "--expert_data"),
        ([], "env"),
        (["--env", "CartPole", "--total_steps", "-5"], "total_steps"),
        (["--env", "CartPole", "--discount", "a lot"], "discount"),
        (["--env", "CartPole", "--discount", "nan"], "discount"),
        (["--env", "CartPole", "--discount", "1"], "discount"),
        (["--env", "CartPole", "--total_steps", "79"], "total_steps"),
        (["--env", "CartPole", "--policy_hidden", "100,x"], "policy_hidden"),
        (["--env", "CartPole", "--forward_model", "magic"], "forward_model"),
        (["--env", "CartPole", "--no_such_flag", "1"], "no_such_flag"),
        (["--env", "CartPole", "stray"], "stray"),
        (["--env", "CartPole", "--expert_data", "missing"], "missing"),
        (["--env", "CartPole", "--logdir", "/dev/null/run"], "logdir"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, message, tmp_path):
    done = run("main.py", *arguments, folder=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and message in lines[0]
    assert not os.listdir(tmp_path)


def test_train_then_evaluate_from_another_folder(tmp_path):
    small = ["--total_steps=400", "--evaluate_every=240", "--final_episodes=3"]
    done = run("main.py", "--env=CartPole", "--logdir=out", *small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["env"] == "CartPole" and result["env_steps"] == 400
    assert len((tmp_path / "out" / "metrics.jsonl").read_text().splitlines()) == 2
    assert os.listdir(tmp_path) == ["out"]

    model = ["--saved_model=out/saved_model", "--env=CartPole"]
    done = run("evaluate.py", *model, "--episodes=3", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"return {result['return_mean']:.1f}" in done.stdout
    done = run("evaluate.py", *model, "--episodes=0", folder=tmp_path)
    assert done.returncode == 2 and "episodes" in done.stderr

    done = run("tabulate_results.py", "--runs=.", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"| 0 | {result['normalized_return']:.3f} | " in done.stdout
    done = run("tabulate_results.py", "--runs=out", folder=tmp_path)
    assert done.returncode == 2 and "no finished run" in done.stderr


@pytest.mark.parametrize("env", TASKS)
def test_every_task_starts(env, tmp_path):
    small = ["--num_trajectories=1", "--total_steps=160", "--evaluate_every=160"]
    few = ["--evaluation_episodes=1", "--final_episodes=1"]
    done = run("main.py", f"--env={env}", "--logdir=out", *small, *few, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["env_steps"] == 160 and result["normalized_return"] is not None
