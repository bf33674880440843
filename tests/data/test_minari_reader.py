"""Datasets that are damaged, or that would run something."""

import json
import os
import pathlib
import shutil

import h5py
import numpy as np
from programs import ROOT
import pytest
from recordings import refer_to

from mgail_tf.data import demonstrations
from mgail_tf.errors import UserError

HOPPER = ROOT / "expert_data" / "Hopper" / "demonstrations" / "4"


@pytest.fixture
def dataset(tmp_path):
    return pathlib.Path(shutil.copytree(HOPPER, tmp_path / "hopper"))


def change(dataset, array, function):
    """Changes an array of one episode."""
    with h5py.File(dataset / "data" / "main_data.hdf5", "r+") as file:
        group = file["episode_2"]
        assert isinstance(group, h5py.Group)
        changed = function(np.asarray(group[array]))
        del group[array]
        group[array] = changed


@pytest.mark.parametrize(
    ("array", "function", "message"),
    [
        ("actions", lambda a: np.tile(a, 2), r"its actions are of shape \(6,\)"),
        ("actions", lambda a: a[:, :2], r"its actions are of shape \(2,\)"),
        ("actions", lambda a: a[:-1], "has 999 actions, 1001 observations"),
        ("actions", lambda a: a[:0], "has no actions"),
        ("actions", lambda a: a.astype("S"), "its actions are .S.*must be rows of numbers"),
        ("actions", lambda a: a * np.inf, "its actions have NaN or infinite values"),
        ("observations", lambda a: a[:, :5], r"its observations are of shape \(5,\)"),
        ("observations", lambda a: np.tile(a, 2), r"its observations are of shape \(22,\)"),
        ("observations", lambda a: a[:-1], "has 1000 actions, 1000 observations"),
        ("observations", lambda a: a.ravel(), r"its observations are of shape \(\)"),
        ("observations", lambda a: a[0, 0], "must be rows of numbers"),
        ("rewards", lambda a: a[:7], "7 rewards"),
        ("rewards", lambda a: a.astype("S"), "rewards must be numbers"),
        ("terminations", lambda a: a[:7], "7 terminations"),
        ("terminations", lambda a: a * 0.5, "terminations true or false"),
        ("terminations", lambda a: np.arange(len(a)) == 7, "ended it in step 7, and it goes on"),
    ],
)
def test_an_episode_that_does_not_fit_is_named(array, function, message, dataset):
    change(dataset, array, function)
    with pytest.raises(UserError, match=f"episode 2.* {message}") as refused:
        demonstrations.load(dataset, "Hopper")
    assert str(dataset) in str(refused.value) and "\n" not in str(refused.value)


def rewrite(dataset, **changes):
    """Changes entries of the metadata; those that are None are left out."""
    file = dataset / "data" / "metadata.json"
    metadata = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({name: v for name, v in metadata.items() if v is not None}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_episodes": 5}, "it has 4 episodes, not 5"),
        ({"total_episodes": -1}, "it has 4 episodes, not -1"),
        ({"total_episodes": "4"}, "'total_episodes' is a str"),
        ({"data_format": "pickle"}, "pickle"),
        ({"observation_space": "{}"}, "type"),
        ({"observation_space": '{"type": "Sphere"}'}, "readable Minari dataset"),
        ({"observation_space": None}, "has no 'observation_space'"),
        ({"env_spec": "{}"}, "additional_wrappers"),
        ({"env_spec": 3}, "readable Minari dataset"),
        ({"mgail_tf": 3}, "does not say where it comes from .it is a int"),
        ({"mgail_tf": {"wrappers": "some"}}, "'wrappers|`wrappers` is a str"),
    ],
)
def test_damaged_metadata(changes, message, dataset):
    rewrite(dataset, **changes)
    with pytest.raises(UserError, match=message) as refused:
        demonstrations.load(dataset, "Hopper")
    assert str(dataset) in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{", b"[" * 10_000])
def test_metadata_that_are_none(content, dataset):
    (dataset / "data" / "metadata.json").write_bytes(content)
    with pytest.raises(UserError, match="is not a readable Minari dataset"):
        demonstrations.load(dataset, "Hopper")


def test_a_file_that_says_more_than_it_can_hold(dataset):
    with h5py.File(dataset / "data" / "main_data.hdf5", "r+") as file:
        del file["episode_2/rewards"]
        file.create_dataset("episode_2/rewards", (10**11,), np.float64, chunks=True)
    with pytest.raises(UserError, match="it says that it has 800,"):
        demonstrations.load(dataset, "Hopper")


@pytest.mark.parametrize("way", ["external storage", "virtual", "link"])
@pytest.mark.parametrize("there", ["file", "FIFO"])
def test_other_files_are_not_opened(way, there, dataset, tmp_path):
    """A FIFO would keep who opens it waiting."""
    secret = tmp_path / "secret"
    if there == "FIFO":
        os.mkfifo(secret)
    elif way == "external storage":
        secret.write_bytes(bytes(8 * 1000 * 3))
    else:
        with h5py.File(secret, "w") as other:
            other["x"] = np.zeros([1000, 3])
    with h5py.File(dataset / "data" / "main_data.hdf5", "r+") as file:
        del file["episode_2/actions"]
        refer_to(secret, way, file, "episode_2/actions", (1000, 3))
    with pytest.raises(UserError, match="episode_2/actions is kept in another file"):
        demonstrations.load(dataset, "Hopper")


def test_nothing_that_a_dataset_names_is_run(dataset, tmp_path, monkeypatch):
    """Minari would make the environment that the metadata name, to know the spaces."""
    monkeypatch.chdir(tmp_path)
    program = {"id": "X-v0", "entry_point": "os:mkdir", "kwargs": {"path": "run"}}
    spec = json.dumps(program | {"additional_wrappers": []})
    rewrite(dataset, env_spec=spec, observation_space=None, action_space=None)
    with pytest.raises(UserError, match="has no 'observation_space'"):
        demonstrations.load(dataset, "Hopper")
    assert "run" not in os.listdir(tmp_path)
