"""Demonstrations of a policy of one's own, and by hand as the guide shows it."""

import os
import re

import numpy as np
from programs import ROOT, run
import pytest

from mgail_tf.data import demonstrations, formats

POLICY = "def act(observation):\n    return [-observation[2] / 4]\n"


def collect(folder, *arguments):
    told = ["--env=Pendulum-v1", "--num_trajectories=2", *arguments]
    return run("collect_demonstrations.py", *told, folder=folder)


def test_a_function_of_the_current_folder_demonstrates(tmp_path):
    (tmp_path / "mine.py").write_text(POLICY)
    done = collect(tmp_path, "--policy=mine:act", "--seed=3", "--out=some folder")
    assert done.returncode == 0, done.stderr
    loaded = demonstrations.load(tmp_path / "some folder", "Pendulum-v1")
    assert loaded.num_trajectories == 2 and len(loaded.actions) == 400
    np.testing.assert_allclose(loaded.actions[:, 0], -loaded.observations[:, 2] / 4, rtol=1e-5)
    first, last = done.stdout.splitlines()
    assert first == f"some folder: 400 pairs, mean episode return {loaded.return_mean:.1f}"
    assert last.endswith("main.py --env Pendulum-v1 --expert_data 'some folder'")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy=mine:act"], "--policy needs --out"),
        (["--policy=mine:act", "--out=mine.py"], "--out=mine.py exists already"),
        (["--out=there"], "--out goes with --policy"),
        (["--policy=mine:none", "--out=there"], "in episode 0, step 0, --policy returned None"),
    ],
)
def test_bad_input_is_one_line(arguments, message, tmp_path):
    (tmp_path / "mine.py").write_text(POLICY + "def none(observation):\n    pass\n")
    done = collect(tmp_path, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    line = done.stderr
    assert line.startswith("error: ") and message in line
    assert {"there", "mine"}.isdisjoint(os.listdir(tmp_path))


def test_the_guides_recording_by_hand_can_be_imported(tmp_path, monkeypatch):
    guide = (ROOT / "docs" / "users_guide.md").read_text()
    [code] = [code for code in re.findall(r"```python\n(.*?)```", guide, re.S) if "savez" in code]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    episodes = formats.read("recorded.npz").episodes
    assert [len(episode.actions) for episode in episodes] == [200] * 3
    assert not any(episode.terminated for episode in episodes)
