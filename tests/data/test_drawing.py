"""Demonstrations that are drawn from the experts at first use."""

import os
import pathlib
import shutil
from unittest import mock

import minari
import numpy as np
import pytest

from mgail_tf.data import demonstrations, experts
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.seeds import DRAWING_SEED


def test_drawn_from_the_expert_into_the_users_cache(tmp_path: pathlib.Path, monkeypatch):
    monkeypatch.setenv(experts.CACHE_VARIABLE, str(tmp_path))
    folder = experts.demonstrations("CartPole", 3)
    assert tmp_path in folder.parents
    assert os.listdir(folder.parent) == ["3"]
    loaded = demonstrations.load(folder, "CartPole")
    assert loaded.observations.shape == (600, 4)
    assert loaded.return_mean == 200

    data = minari.MinariDataset(folder / "data")
    env = make_environment("CartPole")
    for index, episode in enumerate(data.iterate_episodes()):
        # The recorded seed and actions replay the recorded episode, rewards included.
        seed = DRAWING_SEED + index
        replayed = [env.reset(seed=seed)[0]]
        replayed += [env.step(action)[0] for action in episode.actions]
        np.testing.assert_array_equal(replayed, episode.observations)
        assert data.storage.metadata["description"].count(str(DRAWING_SEED))

    before = (folder / "data" / "main_data.hdf5").stat().st_mtime_ns
    assert experts.demonstrations("CartPole", 3) == folder
    assert (folder / "data" / "main_data.hdf5").stat().st_mtime_ns == before


def test_those_that_come_with_the_package_are_used_where_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv(experts.CACHE_VARIABLE, str(tmp_path))
    folder = experts.demonstrations("CartPole", 1)
    assert folder == experts.FOLDER / "CartPole" / "demonstrations" / "1"
    assert not os.listdir(tmp_path)


def test_demonstrations_of_a_replaced_expert_are_not_taken_for_the_new_ones(
    expert_data, tmp_path, monkeypatch
):
    monkeypatch.setenv(experts.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(experts, "FOLDER", tmp_path / "experts")
    expert = tmp_path / "experts" / "CartPole" / "expert"
    drawn = []
    for task in "CartPole", "Acrobot":
        shutil.rmtree(expert, ignore_errors=True)
        shutil.copytree(expert_data / task / "expert", expert)
        with mock.patch.object(experts, "draw") as draw:
            drawn.append(experts.demonstrations("CartPole", 1))
        draw.assert_called_once()
    assert drawn[0] != drawn[1]


def test_the_users_cache_is_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.delenv(experts.CACHE_VARIABLE)
    assert experts.cache().is_absolute() and experts.cache().name == "mgail_tf"


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(experts.CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot write demonstrations"):
        experts.demonstrations("CartPole", 2)


@pytest.mark.parametrize(
    ("env", "number", "message"),
    [("Pendulum-v1", 1, "no expert"), ("CartPole", 0, "from 1 to 10,000")],
)
def test_what_cannot_be_drawn(env, number, message):
    with pytest.raises(UserError, match=message):
        experts.demonstrations(env, number)


def test_interrupted_drawing_leaves_no_dataset(tmp_path, monkeypatch):
    monkeypatch.setenv(experts.CACHE_VARIABLE, str(tmp_path))
    with (
        mock.patch.object(os, "rename", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        experts.demonstrations("CartPole", 2)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_actions_are_those_that_the_environment_received():
    folder = experts.demonstrations("HalfCheetah", 1)
    actions = demonstrations.load(folder, "HalfCheetah").actions
    assert np.abs(actions).max() == 1.0
