import os

import numpy as np
from programs import python, run
import sample_data

from mgail_tf import config as configs
from mgail_tf.commands import checking


def check(capsys, env, **settings):
    """The lines on standard output and on standard error."""
    checking.check(configs.make(env, **settings).run)
    printed = capsys.readouterr()
    return printed.out.splitlines(), printed.err.splitlines()


def test_says_what_is_understood_and_makes_nothing(tmp_path):
    done = run("main.py", "--env=CartPole", "--check", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and not os.listdir(tmp_path)
    lines = [line.strip() for line in done.stdout.splitlines()]
    for line in (
        "1 episode, 200 steps; 200 pairs to learn from",
        "lengths: 200",
        "ended by: 0 by the task, 1 cut off",
        "returns: 200",
        "made in: CartPole-v1",
        "time limit: 200 steps",
        "nothing speaks against its being that of the demonstrations",
    ):
        assert line in lines
    assert any(line.startswith("observation 3: -0.55") for line in lines)
    assert any(line.startswith("actions: 0 5") for line in lines)


def test_a_recording_is_not_known_to_be_of_anywhere(capsys, tmp_path):
    generator = np.random.default_rng(0)
    rows = {"observations": generator.uniform(-0.05, 0.05, (12, 4)), "actions": np.arange(12) % 2}
    np.savez(tmp_path / "mine.npz", **rows, timeouts=np.arange(12) == 11)
    lines, _ = check(capsys, "CartPole", expert_data=str(tmp_path / "mine.npz"), num_trajectories=0)
    assert "  made in: not known" in lines
    assert "  1 episode, 11 steps; 11 pairs to learn from" in lines


def test_is_over_before_tensorflow_is_imported(tmp_path):
    program = """
import sys
from mgail_tf import config
from mgail_tf.commands import checking
checking.check(config.make("MountainCar").run)
assert "tensorflow" not in sys.modules
"""
    done = python("-c", program, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_shows_doubts_and_what_never_varies(capsys, tmp_path):
    folder = sample_data.write_numbered(tmp_path, lengths=(5, 7))
    lines, doubts = check(capsys, "CartPole", expert_data=str(folder), num_trajectories=0)
    assert "  2 episodes, 12 steps; 12 pairs to learn from" in lines
    assert "  lengths: 5 to 7, mean 6" in lines
    assert "  ended by: 2 by the task, 0 cut off" in lines
    assert "  returns: 5 to 7, mean 6, standard error 1" in lines
    [doubt] = doubts
    assert doubt.startswith(f"warning: {folder} may not be of CartPole-v1: first observations")
    assert not any("nothing speaks against" in line for line in lines)


def test_continuous_actions_and_many_components(capsys):
    lines, doubts = check(capsys, "Ant", num_trajectories=4)
    assert doubts == []
    assert any(line.startswith("  action 7: -") for line in lines)
    assert "  observations: and 85 more components" in lines
    assert max(map(len, lines)) < 300


def test_what_is_not_drawn_yet_is_not_drawn(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MGAIL_TF_CACHE", str(tmp_path))
    [line], doubts = check(capsys, "CartPole", num_trajectories=3)
    assert line == "CartPole: its expert draws 3 trajectories at first use"
    assert doubts == [] and not os.listdir(tmp_path)
