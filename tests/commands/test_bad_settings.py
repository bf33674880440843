"""Training with settings that cannot be."""

import json
import os

from programs import run, run_each
import pytest

BAD = [
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
]


def is_refused(done, message):
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert len(lines) == 1 and lines[0].startswith("error: ") and message in lines[0]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refused")
    done = run_each("train", [arguments for arguments, _ in BAD], folder)
    return done, folder


@pytest.mark.parametrize("index", range(len(BAD)), ids=[message for _, message in BAD])
def test_bad_input_is_one_line_and_status_2(index, refused):
    done, folder = refused
    is_refused(done[index], BAD[index][1])
    assert not os.listdir(folder)


def test_the_program_itself_refuses(tmp_path):
    is_refused(run("main.py", "--env=NoSuchTask", folder=tmp_path), "NoSuchTask")
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
