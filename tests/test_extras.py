"""What the package does without the libraries that only one use of it needs."""

from programs import ROOT, python
import pytest

# Runs a program of `mgail_tf.commands` as if some modules were not installed.
WITHOUT = """
import importlib, sys
missing, program = sys.argv[1:3]
sys.modules.update(dict.fromkeys(missing.split(",")))
sys.argv = sys.argv[2:]
importlib.import_module(f"mgail_tf.commands.{program}").program()
"""
EXPERT = ["--saved_model", ROOT / "expert_data" / "CartPole" / "expert", "--env=CartPole"]
RECORDED = ["--env=CartPole", "--out=mine", "--recording"]
OF_EXTRAS = (
    "datasets,pandas,ai_edge_litert,imageio_ffmpeg,matplotlib,torch,stable_baselines3,sb3_contrib,"
    "scipy"
)


def run(missing, program, *arguments, folder, **variables):
    return python("-c", WITHOUT, missing, program, *arguments, folder=folder, **variables)


@pytest.mark.parametrize(
    ("missing", "program", "arguments", "message"),
    [
        ("pandas", "import_demonstrations", [*RECORDED, "r.csv"], "reading CSV needs pandas: csv"),
        (
            "datasets",
            "import_demonstrations",
            [*RECORDED, "folder"],
            "reading what imitation saved needs datasets: imitation",
        ),
        ("imageio_ffmpeg", "evaluate", [*EXPERT, "--video=v.mp4"], "needs imageio_ffmpeg: video"),
        (
            "sb3_contrib",
            "train_expert",
            ["--env=CartPole"],
            "training an expert needs sb3_contrib: experts",
        ),
        (
            "sb3_contrib",
            "train",
            ["--env=CartPole", "--algorithm=gail", "--logdir=run"],
            "GAIL needs sb3_contrib: gail",
        ),
        (
            "matplotlib,matplotlib.pyplot",
            "tabulate_experts",
            ["--experts", ROOT / "expert_data"],
            "the picture needs matplotlib",
        ),
    ],
)
def test_what_is_missing_is_asked_for_in_one_line(missing, program, arguments, message, tmp_path):
    (tmp_path / "r.csv").write_text("observation_0,action\n0,1\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "state.json").touch()
    done = run(missing, program, *arguments, folder=tmp_path)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    needed, _, extra = message.partition(": ")
    assert line.startswith("error: ") and needed in line
    assert line.endswith(f'[{extra or "experts"}]"')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "r.csv"]


def test_trains_evaluates_and_exports_without_any_extra(tmp_path):
    small = ["--env=CartPole", "--total_steps=80", "--final_episodes=1", "--logdir=run"]
    done = run(OF_EXTRAS, "train", *small, "--noevaluation_process", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = ["--saved_model=run/saved_model"]
    done = run(OF_EXTRAS, "evaluate", *told, "--env=CartPole", "--episodes=1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(OF_EXTRAS, "export", *told, "--out=policy.tflite", folder=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", ["", "raise RuntimeError"])
def test_triton_is_loaded_before_tensorflow(content, tmp_path):
    (tmp_path / "triton.py").write_text(f"print('triton')\n{content}")
    code = "import sys, mgail_tf; print('tensorflow' in sys.modules)"
    done = python("-c", code, folder=tmp_path)
    assert done.stdout.split() == ["triton", "False"], done.stderr
