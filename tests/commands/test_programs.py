"""The programs as users call them one after another."""

import json
import os
import re
import subprocess

from ai_edge_litert.interpreter import Interpreter
import numpy as np
from programs import ROOT, python, run, run_each
import pytest

from mgail_tf.envs.episodes import play, returns
from mgail_tf.litert import to_litert
from mgail_tf.loaded_policy import load
from mgail_tf.seeds import FINAL_SEED

# Of tests that are about something else: a second process would take seconds.
IN_TURN = "--noevaluation_process"
EXPERT = ROOT / "expert_data" / "CartPole" / "expert"


def test_imported_recording_is_cloned(tmp_path):
    lines = ["observation_0,observation_1,observation_2,observation_3,action"]
    lines += [f"{step / 100},0,0,0,{step % 2}" for step in range(50)]
    (tmp_path / "recording.csv").write_text("\n".join(lines))
    told = ["--env=CartPole", "--recording=recording.csv", "--out=mine"]
    done, again = run_each("import_demonstrations", [told, told], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 episode, 49 steps" in done.stdout and "left out: 1 step" in done.stdout
    assert again.returncode == 2 and "exists" in again.stderr

    small = ["--max_epochs=20", "--policy_hidden=20", "--final_episodes=3", IN_TURN]
    told = ["--env=CartPole", "--expert_data=mine", "--algorithm=bc", *small]
    done = run("main.py", *told, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "taking 1 trajectories of mine" in done.stderr
    [folder] = (tmp_path / "runs").iterdir()
    assert folder.name == "CartPole-0"
    result = json.loads((folder / "result.json").read_text())
    assert result["env_steps"] == 0 and result["return_mean"] > 0
    policy = folder / "saved_model"
    episodes = play(load(policy).deterministic, "CartPole", 3, FINAL_SEED)
    assert returns(episodes).mean() == pytest.approx(result["return_mean"])
    gives_an_action(to_litert(policy))


def gives_an_action(content):
    """That a LiteRT model does what it is for."""
    runner = Interpreter(model_content=content).get_signature_runner()
    assert runner(observation=np.zeros([1, 4], np.float32))["action"].shape == (1,)


def test_train_then_evaluate_from_another_folder(tmp_path):
    small = ["--total_steps=400", "--evaluate_every=240", "--final_episodes=3"]
    done = run("main.py", "--env=CartPole", "--logdir=my out", *small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "my out" / "result.json").read_text())
    assert result["env"] == "CartPole" and result["env_steps"] == 400
    assert len((tmp_path / "my out" / "metrics.jsonl").read_text().splitlines()) == 3
    assert os.listdir(tmp_path) == ["my out"]
    # The first sign of life, and no more than a line for each evaluation.
    assert done.stdout.startswith("CartPole (reading the demonstrations)\n")
    assert done.stdout.count("CartPole: ") == 3 and "\r" not in done.stdout + done.stderr

    # What the end says is pasted.
    [pasted] = re.findall("^  evaluate *(.*)$", done.stdout, re.MULTILINE)
    done = subprocess.run(
        f"{pasted} --episodes=3", shell=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"return {result['return_mean']:.1f} +- {result['return_std']:.1f}" in done.stdout

    done = run("tabulate_results.py", "--runs=.", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    wall, reached = f"{result['wall_seconds']:,.0f} s", f"{result['normalized_return']:.3f}"
    assert f"| CartPole | 1 | 400 | {wall} | 0 | {reached} |" in done.stdout
    error = f"{result['normalized_return_standard_error']:.3f}"
    assert f"| 0 | {reached} +- {error} | " in done.stdout


def test_export_for_small_devices(tmp_path):
    told = ["--saved_model", EXPERT, "--format=litert", "--out=policy.tflite"]
    done = run("export.py", *told, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    gives_an_action((tmp_path / "policy.tflite").read_bytes())
    assert os.listdir(tmp_path) == ["policy.tflite"]


def test_deploy_example_needs_tensorflow_and_gymnasium_only(tmp_path):
    program = ROOT / "examples" / "deploy.py"
    assert len(program.read_text().splitlines()) < 40
    start = """
import runpy, sys
sys.modules.update(mgail_tf=None, tensorflow_probability=None, tf_keras=None)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    done = python("-c", start, program, EXPERT, "CartPole-v1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.removeprefix("return ")) > 195


def test_readmes_library_example(tmp_path):
    [example] = [
        code
        for code in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
        if "make_trainer" in code
    ]
    assert len(example.strip().splitlines()) <= 13
    # Its whole budget takes half a minute.
    shorter = example.replace("total_steps=2_500", "total_steps=80")
    assert shorter != example
    done = python("-c", shorter + "\nprint(result['env_steps'], action)", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    steps, action = done.stdout.split()[-2:]
    assert int(steps) == 80 and action in ("0", "1")
