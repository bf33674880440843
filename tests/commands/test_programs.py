import json
import os
import re
import subprocess

from ai_edge_litert.interpreter import Interpreter
import imageio
import numpy as np
from programs import ROOT, python, run
import pytest

from mgail_tf.tasks import TASKS

# Of tests that are about something else: a second process would take seconds.
IN_TURN = "--noevaluation_process"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "NoSuchTask"], "NoSuchTask"),
        (["--env", "Pendulum-v1"], "--expert_data"),
        (["--env", ":Nameless-v0"], "Nameless"),
        (["--env", ".relative:Foo-v0"], "TypeError"),
        ([], "env"),
        (["--env", "CartPole", "--total_steps", "-5"], "total_steps"),
        (["--env", "CartPole", "--discount", "a lot"], "discount"),
        (["--env", "CartPole", "--discount", "nan"], "discount"),
        (["--env", "CartPole", "--discount", "1"], "discount"),
        (["--env", "CartPole", "--total_steps", "79"], "total_steps"),
        (["--env", "CartPole", "--policy_hidden", "100,x"], "policy_hidden"),
        (["--env", "CartPole", "--forward_model", "magic"], "forward_model"),
        (["--env", "CartPole", "--no_such_flag", "1"], "no_such_flag"),
        (
            ["--env", "CartPole", "--algorithm", "bc", "--discount", "0.9"],
            "--discount: behavioural cloning (--algorithm=bc) has no such option",
        ),
        (["--env", "CartPole", "--patience", "3"], "--patience: mgail has no such option"),
        (["--env", "CartPole", "--algorithm", "magic"], "use one of mgail, bc"),
        (
            ["--env", "CartPole", "--algorithm", "bc", "--preset", "paper"],
            "--preset=paper: bc has no such preset",
        ),
        (["--env", "CartPole", "--forward_model_history", "9"], "must not exceed --segment_length"),
        (["--env", "CartPole", "stray"], "stray"),
        (["--env", "CartPole", "--expert_data", "missing"], "minari download missing"),
        (["--env", "CartPole", "--logdir", "/dev/null/run"], "logdir"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, message, tmp_path):
    done = run("main.py", *arguments, folder=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and message in lines[0]
    assert not os.listdir(tmp_path)


def test_a_run_folder_of_another_version_is_refused_in_one_line(tmp_path):
    (tmp_path / "old").mkdir()
    # Such a folder held no number of its version.
    settings = {"env": "CartPole", "cut_after": 300}
    (tmp_path / "old" / "config.json").write_text(json.dumps(settings))
    done = run("main.py", "--env=CartPole", "--logdir=old", folder=tmp_path)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ") and "another version of mgail_tf" in line
    assert os.listdir(tmp_path / "old") == ["config.json"]


def test_cloning_trains_exports_and_evaluates(tmp_path):
    small = ["--max_epochs=20", "--policy_hidden=20", "--final_episodes=3", IN_TURN]
    done = run("main.py", "--env=CartPole", "--algorithm=bc", *small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    [folder] = (tmp_path / "runs").iterdir()
    assert folder.name == "CartPole-0"
    result = json.loads((folder / "result.json").read_text())
    assert result["env_steps"] == 0 and result["return_mean"] > 0
    model = f"--saved_model={folder / 'saved_model'}"
    done = run("evaluate.py", model, "--env=CartPole", "--episodes=3", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"return {result['return_mean']:.1f} +- {result['return_std']:.1f}" in done.stdout
    done = run("export.py", model, "--out=policy.tflite", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    runner = Interpreter(str(tmp_path / "policy.tflite")).get_signature_runner()
    assert runner(observation=np.zeros([1, 4], np.float32))["action"].shape == (1,)


def test_train_then_evaluate_from_another_folder(tmp_path):
    small = ["--total_steps=400", "--evaluate_every=240", "--final_episodes=3"]
    done = run("main.py", "--env=CartPole", "--logdir=my out", *small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "my out" / "result.json").read_text())
    assert result["env"] == "CartPole" and result["env_steps"] == 400
    assert len((tmp_path / "my out" / "metrics.jsonl").read_text().splitlines()) == 2
    assert os.listdir(tmp_path) == ["my out"]
    # The first sign of life, and no more than a line for each evaluation.
    assert done.stdout.startswith("CartPole (reading the demonstrations)\n")
    assert done.stdout.count("CartPole: ") == 2 and "\r" not in done.stdout + done.stderr

    # What the end says is pasted.
    [pasted] = re.findall("^  evaluate *(.*)$", done.stdout, re.MULTILINE)
    done = subprocess.run(
        f"{pasted} --episodes=3", shell=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"return {result['return_mean']:.1f} +- {result['return_std']:.1f}" in done.stdout
    model = ["--saved_model=my out/saved_model", "--env=CartPole"]
    done = run("evaluate.py", *model, "--episodes=0", folder=tmp_path)
    assert done.returncode == 2 and "episodes" in done.stderr

    done = run("tabulate_results.py", "--runs=.", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    wall, reached = f"{result['wall_seconds']:,.0f} s", f"{result['normalized_return']:.3f}"
    assert f"| CartPole | 1 | 400 | {wall} | 0 | {reached} |" in done.stdout
    error = f"{result['normalized_return_standard_error']:.3f}"
    assert f"| 0 | {reached} +- {error} | " in done.stdout
    done = run("tabulate_results.py", "--runs=my out", folder=tmp_path)
    assert done.returncode == 2 and "no finished run" in done.stderr


@pytest.fixture(scope="module")
def expert():
    return ["--saved_model", ROOT / "expert_data" / "CartPole" / "expert", "--env=CartPole"]


def test_evaluation_as_json(expert, tmp_path):
    done = run("evaluate.py", *expert, "--episodes=5", "--stochastic", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for name in "return", "length":
        each = report[name]["of_each_episode"]
        assert len(each) == 5
        assert report[name]["mean"] == pytest.approx(np.mean(each))
        assert report[name]["deviation"] == pytest.approx(np.std(each))
        assert report[name]["median"] == pytest.approx(np.median(each))
    # CartPole pays 1 a step.
    assert report["return"] == report["length"]
    lengths = report["length"]["of_each_episode"]
    assert report["terminated"] == [length < 200 for length in lengths]


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_video(ending, expert, tmp_path):
    done = run("evaluate.py", *expert, "--episodes=1", f"--video=v.{ending}", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    frames = imageio.mimread(tmp_path / f"v.{ending}", memtest="1GB")
    # GIFs show frames that are alike as one.
    assert (195 if ending == "mp4" else 40) <= len(frames) <= 205
    assert frames[0].shape[:2] in [(400, 600), (400, 608)]  # MP4's blocks are of 16.
    assert np.ptp(frames[0]) > 100 and (frames[0] != frames[-1]).any()


def test_render_in_a_window(expert, tmp_path):
    window = {"folder": tmp_path, "SDL_VIDEODRIVER": "dummy"}
    done = run("evaluate.py", *expert, "--episodes=1", "--render=human", **window)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--video=v.avi"], ".mp4"),
        (["--video=nowhere/v.mp4"], "nowhere"),
        (["--render=robot"], "human"),
        (["--env=Hopper"], "observations"),
        (
            [f"--saved_model={ROOT / 'expert_data' / 'HalfCheetah' / 'expert'}", "--env=Walker2d"],
            "made in HalfCheetah-v5, not in Walker2d-v5; first observations of",
        ),
    ],
)
def test_bad_evaluations(arguments, message, expert, tmp_path):
    done = run("evaluate.py", *expert, "--episodes=1", *arguments, folder=tmp_path)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    lines = [line for line in lines if "XDG_RUNTIME_DIR" not in line]  # SDL's own.
    assert len(lines) == 1 and message in lines[0]
    assert not os.listdir(tmp_path)


def test_export_for_small_devices(expert, tmp_path):
    done = run("export.py", *expert[:2], "--format=litert", "--out=policy.tflite", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    runner = Interpreter(str(tmp_path / "policy.tflite")).get_signature_runner()
    assert runner(observation=np.zeros([1, 4], np.float32))["action"].shape == (1,)
    done = run("export.py", "--saved_model=.", "--out=other.tflite", folder=tmp_path)
    assert done.returncode == 2 and "SavedModel" in done.stderr
    assert os.listdir(tmp_path) == ["policy.tflite"]


def test_imported_recording_is_imitated(tmp_path):
    lines = ["observation_0,observation_1,observation_2,observation_3,action"]
    lines += [f"{step / 100},0,0,0,{step % 2}" for step in range(50)]
    (tmp_path / "recording.csv").write_text("\n".join(lines))
    told = ["--env=CartPole", "--recording=recording.csv", "--out=mine"]
    done = run("import_demonstrations.py", *told, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 episodes, 49 steps" in done.stdout and "left out: 1 steps" in done.stdout
    done = run("import_demonstrations.py", *told, folder=tmp_path)
    assert done.returncode == 2 and "exists" in done.stderr
    small = ["--total_steps=160", "--final_episodes=1", IN_TURN]
    done = run("main.py", "--env=CartPole", "--expert_data=mine", *small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "taking 1 trajectories of mine" in done.stderr


def test_deploy_example_needs_tensorflow_and_gymnasium_only(tmp_path):
    program = ROOT / "examples" / "deploy.py"
    assert len(program.read_text().splitlines()) < 40
    start = """
import runpy, sys
sys.modules.update(mgail_tf=None, tensorflow_probability=None, tf_keras=None)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    expert = ROOT / "expert_data" / "CartPole" / "expert"
    done = python("-c", start, program, expert, "CartPole-v1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.removeprefix("return ")) > 195


def test_readmes_library_example(tmp_path):
    [example] = [
        code
        for code in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
        if "make_trainer" in code
    ]
    assert len(example.strip().splitlines()) <= 13
    done = python("-c", example + "\nprint(result['env_steps'], action)", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    steps, action = done.stdout.split()[-2:]
    assert int(steps) > 0 and action in ("0", "1")


@pytest.mark.parametrize("env", TASKS)
def test_every_task_starts(env, tmp_path):
    small = ["--num_trajectories=1", "--total_steps=160", "--evaluate_every=160"]
    few = ["--evaluation_episodes=1", "--final_episodes=1", IN_TURN]
    done = run("main.py", f"--env={env}", "--logdir=out", *small, *few, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["env_steps"] == 160 and result["normalized_return"] is not None
