import pathlib

import minari
import numpy as np
import pytest
from recordings import random_episodes

from mgail_tf.data import demonstrations, minari_writer
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError


def test_seeds_are_written(tmp_path: pathlib.Path):
    episodes = [
        episode._replace(seed=seed)
        for episode, seed in zip(random_episodes(), (7, None, 9), strict=True)
    ]
    minari_writer.write(episodes, "Pendulum-v1", tmp_path / "dataset")
    storage = minari.MinariDataset(tmp_path / "dataset" / "data").storage
    seeds = [metadata.get("seed") for metadata in storage.get_episode_metadata(range(3))]
    assert seeds == [7, None, 9]


@pytest.mark.parametrize("field", ["observations", "rewards"])
def test_episode_of_unequal_lengths(field, tmp_path: pathlib.Path):
    episode = random_episodes()[0]
    wrong = episode._replace(**{field: getattr(episode, field)[:-1]})
    with pytest.raises(UserError, match="episode 0 has 5 actions"):
        minari_writer.write([wrong], "Pendulum-v1", tmp_path / "dataset")


@pytest.mark.parametrize("env", ["CartPole-v1", "MountainCar-v0"])
def test_recording_of_another_environment(env, tmp_path: pathlib.Path):
    with pytest.raises(UserError, match="observations"):
        minari_writer.write(random_episodes(), env, tmp_path / "dataset")
    assert not list(tmp_path.iterdir())


def test_actions_that_are_none_of_the_discrete_ones(tmp_path: pathlib.Path):
    episode = Episode(np.zeros([3, 4]), np.array([0.0, 2.0]), np.zeros(2), True)
    with pytest.raises(UserError, match="actions"):
        minari_writer.write([episode], "CartPole-v1", tmp_path / "dataset")


def test_discrete_actions_as_one_hot_vectors(tmp_path: pathlib.Path):
    actions = np.eye(2)[[0, 1, 1]]
    episode = Episode(np.zeros([4, 4]), actions, np.zeros(3), True)
    minari_writer.write([episode], "CartPole-v1", tmp_path / "dataset")
    loaded = demonstrations.load(tmp_path / "dataset", "CartPole-v1")
    np.testing.assert_array_equal(loaded.actions, [0, 1, 1])
    with pytest.raises(UserError, match="actions are of shape"):
        wrong = episode._replace(actions=actions / 2)
        minari_writer.write([wrong], "CartPole-v1", tmp_path / "other")


def test_recording_that_is_not_finite(tmp_path: pathlib.Path):
    observations = np.zeros([3, 3])
    observations[1, 0] = np.nan
    episode = Episode(observations, np.zeros([2, 1]), np.zeros(2), False)
    with pytest.raises(UserError, match="episode 0: its observations have NaN"):
        minari_writer.write([episode], "Pendulum-v1", tmp_path / "dataset")
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_not_touched(tmp_path: pathlib.Path):
    with pytest.raises(UserError, match="exists already"):
        minari_writer.write(random_episodes(), "Pendulum-v1", tmp_path)
    assert not list(tmp_path.iterdir())


def test_flat_values_fit_spaces_of_one_component(tmp_path: pathlib.Path):
    episodes = [e._replace(actions=e.actions[:, 0]) for e in random_episodes()]
    minari_writer.write(episodes, "Pendulum-v1", tmp_path / "dataset")
    loaded = demonstrations.load(tmp_path / "dataset", "Pendulum-v1")
    np.testing.assert_array_equal(loaded.actions[:5, 0], episodes[0].actions)
