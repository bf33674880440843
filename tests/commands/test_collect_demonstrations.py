"""Demonstrations of a policy of one's own, and by hand as the guide shows it."""

import json
import re

import numpy as np
from programs import ROOT, run

from mgail_tf.data import demonstrations, formats

POLICY = "def act(observation):\n    return [-observation[2] / 4]\n"


TOLD = "--env=Pendulum-v1", "--num_trajectories=2"


def collect(folder, *arguments):
    return run("collect_demonstrations.py", *TOLD, *arguments, folder=folder)


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


def test_a_policy_may_change_the_working_directory(tmp_path):
    (tmp_path / "mine.py").write_text(POLICY + "import os\nos.mkdir('a')\nos.chdir('a')\n")
    done = collect(tmp_path, "--policy=mine:act", "--out=recorded")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "recorded").is_dir() and not any((tmp_path / "a").iterdir())


def test_the_tasks_expert_demonstrates_with_more_noise(tmp_path):
    arguments = "--env=Hopper", "--num_trajectories=1", "--noise_scale=6", "--seed=3", "--out=noisy"
    done = collect(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    loaded = demonstrations.load(tmp_path / "noisy", "Hopper")
    assert 0 < len(loaded.actions) < 1000
    metadata = json.loads((tmp_path / "noisy" / "data" / "metadata.json").read_text())
    assert metadata["algorithm_name"] == "the expert of Hopper, stochastic, noise times 6"
    assert str(ROOT) not in str(metadata)


def test_the_guides_recording_by_hand_can_be_imported(tmp_path, monkeypatch):
    guide = (ROOT / "docs" / "users_guide.md").read_text()
    [code] = [code for code in re.findall(r"```python\n(.*?)```", guide, re.S) if "savez" in code]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    episodes = formats.read("recorded.npz").episodes
    assert [len(episode.actions) for episode in episodes] == [200] * 3
    assert not any(episode.terminated for episode in episodes)
