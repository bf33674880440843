import math
import os
import pathlib
from typing import Any

import gymnasium
from gymnasium.spaces import Box, Dict
from gymnasium.wrappers import FlattenObservation, TransformObservation
import h5py
import numpy as np
import pytest
from recordings import refer_to
import walks
from walks import LAST, LIMIT, NEXT, TERMINALS, TIMEOUTS, arrays

from mgail_tf.data import formats, imported
from mgail_tf.errors import UserError


def write(values: dict[str, np.ndarray], folder: pathlib.Path) -> pathlib.Path:
    with h5py.File(folder / "recording.hdf5", "w") as file:
        for name, array in values.items():
            file[name] = array
    return folder / "recording.hdf5"


def demonstrations(**more: np.ndarray) -> dict[str, np.ndarray]:
    """What robomimic writes: a group for each episode, and in it a group of observations."""
    values = {}
    for index, episode in enumerate(walks.EPISODES):
        length = len(episode.actions)
        of_episode = {
            "actions": episode.actions,
            "rewards": episode.rewards,
            "dones": np.arange(length) >= length - 2,
            "states": np.zeros([length, 20]),
            "obs/object": episode.observations[:-1, 1:],
            "obs/arm": episode.observations[:-1, 0],
            "obs/camera": np.zeros([length, 4, 4, 3], np.uint8),
            **{name: array[:length] for name, array in more.items()},
        }
        values |= {f"data/demo_{index}/{name}": array for name, array in of_episode.items()}
    return values | {"mask/train": np.array([b"demo_0"])}


@pytest.mark.parametrize("group", ["", "data/"])
def test_d4rl(group, tmp_path: pathlib.Path):
    values = arrays(terminals=TERMINALS, timeouts=TIMEOUTS, next_observations=NEXT)
    values["infos/qpos"] = NEXT
    file = write({group + name: array for name, array in values.items()}, tmp_path)
    recording = formats.read(file, LIMIT)
    walks.check(recording.episodes)
    assert recording.notes[-1] == "not understood, left out: infos/qpos"


def test_robomimic(tmp_path: pathlib.Path):
    recording = formats.read(write(demonstrations(), tmp_path), LIMIT)
    walks.check(recording.episodes, outcomes=False)
    made, left = recording.notes[-2:]
    assert made == "observations: made of obs/arm (1), obs/object (2), in this order"
    assert left == "not understood, left out: states, data/demo_*/obs/camera, mask/train"


def test_robomimics_next_observations(tmp_path: pathlib.Path):
    values = demonstrations()
    for index, episode in enumerate(walks.EPISODES):
        group = f"data/demo_{index}/next_obs/"
        values |= {f"{group}object": episode.observations[1:, 1:]}
        values |= {f"{group}arm": episode.observations[1:, 0]}
    walks.check(formats.read(write(values, tmp_path), LIMIT).episodes)


def test_chosen_parts_in_a_chosen_order(tmp_path: pathlib.Path):
    file = write(demonstrations(**{"obs/zero": np.zeros([12, 1])}), tmp_path)
    recording = formats.read(file, LIMIT, keys=["object", "arm"])
    expected = walks.EPISODES[0].observations[:-1, [1, 2, 0]]
    np.testing.assert_array_equal(recording.episodes[0].observations, expected)
    with pytest.raises(UserError, match="no part 'hand'.*arm, object, zero"):
        formats.read(file, LIMIT, keys=["object", "hand"])


def test_parts_are_in_the_environments_order(tmp_path: pathlib.Path):
    def sensors():
        parts = Dict([("velocity", Box(-9, 9, (1,))), ("angle", Box(-9, 9, (2,)))])
        named = TransformObservation(
            gymnasium.make("Pendulum-v1"), lambda o: {"velocity": o[2:], "angle": o[:2]}, parts
        )
        return FlattenObservation(named)

    make: Any = sensors  # Gymnasium takes functions, its annotation does not say so.
    gymnasium.register("Sensors-v0", make)
    episode = walks.EPISODES[1]
    values = {
        "obs/angle": episode.observations[:-1, :2],
        "obs/velocity": episode.observations[:-1, 2:],
        "actions": episode.actions[:, :1],
    }
    recording = imported.read(write(values, tmp_path), "Sensors-v0")
    expected = episode.observations[:-1, [2, 0, 1]]
    np.testing.assert_array_equal(recording.episodes[0].observations, expected)
    assert "observations: made of obs/velocity (1), obs/angle (2), in this order" in recording.notes
    # Chosen keys come first.
    recording = imported.read(tmp_path / "recording.hdf5", "Sensors-v0", ["angle"])
    np.testing.assert_array_equal(recording.episodes[0].observations, expected[:, 1:])
    # A part that the recording lacks is named.
    del values["obs/velocity"]
    with pytest.raises(UserError, match="no part velocity, which the environment's have"):
        imported.read(write(values, tmp_path), "Sensors-v0")


def test_more_than_ten_groups_are_in_the_order_of_their_numbers(tmp_path: pathlib.Path):
    values = {}
    for index in range(12):
        values[f"traj_{index}/obs"] = np.full([4, 1], index)
        values[f"traj_{index}/actions"] = np.zeros([3, 1])
    read = formats.read(write(values, tmp_path)).episodes
    assert [episode.observations[0, 0] for episode in read] == list(range(12))
    # Each has one observation more, which shows where it ended.
    assert {episode.observations.shape for episode in read} == {(4, 1)}


def test_a_minari_datasets_own_file(tmp_path: pathlib.Path):
    values = {}
    for index, episode in enumerate(walks.EPISODES):
        last = np.arange(len(episode.actions)) == len(episode.actions) - 1
        of_episode = episode._asdict() | {"terminations": last & episode.terminated}
        for name in "observations", "actions", "rewards", "terminations":
            values[f"episode_{index}/{name}"] = of_episode[name]
    walks.check(formats.read(write(values, tmp_path), LIMIT).episodes)


@pytest.mark.parametrize("way", ["external storage", "virtual", "link"])
@pytest.mark.parametrize("there", ["file", "FIFO"])
def test_other_files_are_not_opened(way, there, tmp_path: pathlib.Path):
    """A FIFO would keep who opens it waiting."""
    values = arrays(terminals=TERMINALS, timeouts=TIMEOUTS)
    shape = values.pop("observations").shape
    file, secret = write(values, tmp_path), tmp_path / "secret"
    if there == "FIFO":
        os.mkfifo(secret)
    elif way == "external storage":
        secret.write_bytes(bytes(8 * math.prod(shape)))
    else:
        with h5py.File(secret, "w") as other:
            other["x"] = np.zeros(shape)
    with h5py.File(file, "r+") as recording:
        refer_to(secret, way, recording, "observations", shape)
    with pytest.raises(UserError, match="observations is kept in another file"):
        formats.read(file, LIMIT)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train/obs": NEXT, "train/act": NEXT, "test/act": NEXT}, "several tables, test, train"),
        ({"observations": NEXT, "qpos": NEXT}, "has no actions; they may be called actions"),
        ({"obs/a": NEXT, "obs/b": NEXT[1:], "act": NEXT, "done": LAST}, "different lengths"),
    ],
)
def test_files_that_make_no_sense(values, message, tmp_path: pathlib.Path):
    with pytest.raises(UserError, match=message):
        formats.read(write(values, tmp_path))
