import os
import pathlib
import shutil
from unittest import mock
import warnings

import gymnasium
import minari
from minari.data_collector import EpisodeBuffer
import numpy as np
import pytest

from mgail_tf.data import demonstrations, experts
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def write(root, env="CartPole-v1", lengths=(5, 7), value=None, rewards=True, spaces=None):
    """A dataset whose k-th observation of episode e is filled with 100 e + k."""
    made = gymnasium.make(env)
    observation_space, action_space = spaces or (made.observation_space, made.action_space)
    [size] = observation_space.shape or [0]
    buffers = []
    for index, length in enumerate(lengths):
        rows = [np.full(size, 0.01 * k + index) for k in range(length + 1)]
        observations = np.array(rows, np.float32)
        if value is not None:
            observations[0, 0] = value
        buffers.append(
            EpisodeBuffer(
                id=index,
                observations=list(observations.astype(observation_space.dtype)),
                actions=[action_space.sample() for _ in range(length)],
                rewards=[1.0 if rewards else np.nan] * length,
                terminations=[False] * (length - 1) + [True],
                truncations=[False] * length,
            )
        )
    with (
        mock.patch.dict(os.environ, MINARI_DATASETS_PATH=str(root)),
        warnings.catch_warnings(action="ignore"),
    ):
        minari.create_dataset_from_buffers(
            "test/written-v0",
            buffers,
            observation_space=observation_space,
            action_space=action_space,
        )
    return pathlib.Path(root, "test", "written-v0")


def test_drawn_from_the_expert_into_the_users_cache(tmp_path, monkeypatch):
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
        seed = experts.DRAWING_SEED + index
        replayed = [env.reset(seed=seed)[0]]
        replayed += [env.step(action)[0] for action in episode.actions]
        np.testing.assert_array_equal(replayed, episode.observations)
        assert data.storage.metadata["description"].count(str(experts.DRAWING_SEED))

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
    ("env", "number", "message"), [("Pendulum-v1", 1, "no expert"), ("CartPole", 0, "at least 1")]
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


def test_first_trajectories_and_their_pairs(tmp_path):
    folder = write(tmp_path)
    loaded = demonstrations.load(folder, "CartPole", 1)
    np.testing.assert_allclose(loaded.observations[:, 0], [0.0, 0.01, 0.02, 0.03, 0.04])
    assert loaded.return_mean == 5
    assert len(demonstrations.load(folder, "CartPole").actions) == 12


def test_pairs_know_where_they_led_and_what_follows(tmp_path):
    loaded = demonstrations.load(write(tmp_path), "CartPole")
    ends = np.isin(np.arange(12), [4, 11])
    np.testing.assert_array_equal(loaded.ended, ends)
    np.testing.assert_array_equal(loaded.terminated, ends)
    np.testing.assert_array_equal(
        loaded.next_observations[:-1][~ends[:-1]], loaded.observations[1:][~ends[:-1]]
    )
    np.testing.assert_allclose(loaded.next_observations[ends][:, 0], [0.05, 1.07], rtol=1e-6)
    # Where some are left out, none follows another.
    assert demonstrations.load(
        tmp_path / "test" / "written-v0", "CartPole", subsample=2
    ).ended.all()


def test_subsampling_keeps_every_third_pair_from_a_random_offset(tmp_path):
    folder = write(tmp_path, lengths=(30,) * 20)
    kept = demonstrations.load(folder, "CartPole", subsample=3, seed=1).observations[:, 0]
    steps = np.round(100 * (kept.reshape(20, 10) % 1)).astype(int)
    assert (np.diff(steps) == 3).all()
    assert set(steps[:, 0]) == {0, 1, 2}


def test_installed_dataset_by_its_id(tmp_path):
    write(tmp_path)
    with mock.patch.dict(os.environ, MINARI_DATASETS_PATH=str(tmp_path)):
        assert len(demonstrations.load("test/written-v0", "CartPole").actions) == 12


def test_rewards_may_be_missing(tmp_path):
    assert demonstrations.load(write(tmp_path, rewards=False), "CartPole").return_mean is None


BOX4, BOX5 = (gymnasium.spaces.Box(-9, 9, (size,), np.float32) for size in (4, 5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spaces": (BOX5, gymnasium.spaces.Discrete(2))}, "observations are"),
        ({"spaces": (BOX4, gymnasium.spaces.Discrete(3))}, "actions are"),
        ({"spaces": (BOX4, gymnasium.spaces.Box(-1, 1, (1,)))}, "actions are"),
        ({"value": np.nan}, "NaN"),
        ({"lengths": ()}, "no state-action pairs"),
    ],
)
def test_unfit_dataset(options, message, tmp_path):
    with pytest.raises(UserError, match=message):
        demonstrations.load(write(tmp_path, **options), "CartPole")


def test_too_few_trajectories(tmp_path):
    with pytest.raises(UserError, match="has 2 trajectories, not 3"):
        demonstrations.load(write(tmp_path), "CartPole", 3)


def test_truncated_file(tmp_path):
    folder = write(tmp_path, lengths=(500,) * 4)
    (file,) = folder.rglob("*.hdf5")
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(UserError, match="read"):
        demonstrations.load(folder, "CartPole")


@pytest.mark.parametrize("dataset", ["no/such/folder", "test/missing-v0", ""])
def test_missing_dataset(dataset, tmp_path):
    with (
        mock.patch.dict(os.environ, MINARI_DATASETS_PATH=str(tmp_path)),
        pytest.raises(UserError),
    ):
        demonstrations.load(dataset, "CartPole")
