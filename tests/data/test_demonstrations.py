import dataclasses
import os
import pathlib
from unittest import mock

from gymnasium.spaces import Box, Discrete
import numpy as np
import pytest
import sample_data
import walks

from mgail_tf.data import demonstrations
from mgail_tf.errors import UserError


def test_first_trajectories_and_their_pairs(tmp_path: pathlib.Path):
    folder = sample_data.write_numbered(tmp_path)
    loaded = demonstrations.load(folder, "CartPole", 1)
    np.testing.assert_allclose(loaded.observations[:, 0], [0.0, 0.01, 0.02, 0.03, 0.04])
    assert loaded.return_mean == 5 and loaded.return_standard_error is None
    whole = demonstrations.load(folder, "CartPole")
    assert len(whole.actions) == 12
    # Returns are 5 and 7.
    assert whole.return_standard_error == pytest.approx(1.0)


def test_pairs_know_where_they_led_and_what_follows(tmp_path: pathlib.Path):
    loaded = demonstrations.load(sample_data.write_numbered(tmp_path), "CartPole")
    ends = np.isin(np.arange(12), [4, 11])
    np.testing.assert_array_equal(loaded.ended, ends)
    np.testing.assert_array_equal(loaded.terminated, ends)
    np.testing.assert_array_equal(
        loaded.next_observations[:-1][~ends[:-1]], loaded.observations[1:][~ends[:-1]]
    )
    np.testing.assert_allclose(loaded.next_observations[ends][:, 0], [0.05, 1.07], rtol=1e-6)
    # Where pairs are left out, none follows another.
    dataset = tmp_path / sample_data.NAME
    assert demonstrations.load(dataset, "CartPole", subsample=2).ended.all()


def test_subsampling_keeps_every_third_pair_from_a_random_offset(tmp_path: pathlib.Path):
    folder = sample_data.write_numbered(tmp_path, lengths=(30,) * 20)
    loaded = demonstrations.load(folder, "CartPole", subsample=3, seed=1)
    assert loaded.pairs_of_each == (10,) * 20 and loaded.lengths == (30,) * 20
    kept = loaded.observations[:, 0]
    steps = np.round(100 * (kept.reshape(20, 10) % 1)).astype(int)
    assert (np.diff(steps) == 3).all()
    assert set(steps[:, 0]) == {0, 1, 2}


def test_installed_dataset_by_its_id(tmp_path: pathlib.Path):
    sample_data.write_numbered(tmp_path)
    with mock.patch.dict(os.environ, MINARI_DATASETS_PATH=str(tmp_path)):
        assert len(demonstrations.load(sample_data.NAME, "CartPole").actions) == 12


def test_a_recording_is_imported_for_once(tmp_path: pathlib.Path, capsys):
    values = walks.arrays(dones=walks.LAST)
    values = {"obs": values["observations"], "acts": 9 * values["actions"][:, :1], "d": walks.LAST}
    values["dones"] = values.pop("d")
    np.savez(tmp_path / "recording.npz", allow_pickle=True, **values)
    loaded = demonstrations.load(tmp_path / "recording.npz", "Pendulum-v1", 3)
    assert loaded.num_trajectories == 3 and len(loaded.actions) == 6 + 11 + 4
    np.testing.assert_array_equal(loaded.observations[:6], values["obs"][:6])
    assert np.abs(loaded.actions).max() == 2.0
    assert "4 episodes, 32 steps" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["recording.npz"]
    # Bad input is one line, which names the recording.
    with pytest.raises(UserError, match=r"recording.npz has 4 trajectories, not 5"):
        demonstrations.load(tmp_path / "recording.npz", "Pendulum-v1", 5)
    with pytest.raises(UserError, match="recording.npz: episode 0: its observations"):
        demonstrations.load(tmp_path / "recording.npz", "CartPole")
    with pytest.raises(UserError, match="none.npz does not exist"):
        demonstrations.load(tmp_path / "none.npz", "CartPole")
    assert not capsys.readouterr().err


def test_rewards_may_be_missing(tmp_path: pathlib.Path):
    dataset = sample_data.write_numbered(tmp_path, reward=np.nan)
    assert demonstrations.load(dataset, "CartPole").return_mean is None


def test_the_rate_of_terminations_is_never_zero(tmp_path: pathlib.Path):
    dataset = sample_data.write_numbered(tmp_path / "terminated", (5, 7))
    assert demonstrations.load(dataset, "CartPole").always_terminate
    # Two of twelve steps, and a hundredth of one more.
    assert demonstrations.load(dataset, "CartPole").termination_rate == pytest.approx(2.01 / 12)
    assert demonstrations.load(dataset, "CartPole", subsample=3).termination_rate == pytest.approx(
        2.01 / 12
    )
    observations, actions = np.zeros([6, 4], np.float32), np.zeros(5, int)
    endless = dataclasses.replace(
        sample_data.episode(observations, actions), terminations=[False] * 5
    )
    dataset = sample_data.write(tmp_path, [endless], *sample_data.CARTPOLE)
    assert demonstrations.load(dataset, "CartPole").termination_rate == pytest.approx(0.01 / 5)
    assert not demonstrations.load(dataset, "CartPole").always_terminate


def test_actions_are_clipped_as_the_environment_does(tmp_path: pathlib.Path):
    actions = np.array([[-5.0], [-2.0], [0.5], [7.0]], np.float32)
    episode = sample_data.episode(np.zeros([5, 3], np.float32), actions)
    spaces = Box(-9.0, 9.0, (3,), np.float32), Box(-9.0, 9.0, (1,), np.float32)
    dataset = sample_data.write(tmp_path, [episode], *spaces)
    loaded = demonstrations.load(dataset, "Pendulum-v1").actions
    np.testing.assert_array_equal(loaded, [[-2.0], [-2.0], [0.5], [2.0]])


BOX4, BOX5 = (Box(-9.0, 9.0, (size,), np.float32) for size in (4, 5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spaces": (BOX5, Discrete(2))}, "observations are"),
        ({"spaces": (BOX4, Discrete(3))}, "actions are"),
        ({"spaces": (BOX4, Box(-1, 1, (1,)))}, "actions are"),
        ({"first_number": np.nan}, "NaN"),
        ({"lengths": ()}, "no state-action pairs"),
    ],
)
def test_unfit_dataset(options, message, tmp_path: pathlib.Path):
    with pytest.raises(UserError, match=message):
        demonstrations.load(sample_data.write_numbered(tmp_path, **options), "CartPole")


def test_too_few_trajectories(tmp_path: pathlib.Path):
    with pytest.raises(UserError, match="has 2 trajectories, not 3"):
        demonstrations.load(sample_data.write_numbered(tmp_path), "CartPole", 3)


def test_truncated_file(tmp_path: pathlib.Path):
    folder = sample_data.write_numbered(tmp_path, lengths=(500,) * 4)
    (file,) = folder.rglob("*.hdf5")
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(UserError, match="read"):
        demonstrations.load(folder, "CartPole")


@pytest.mark.parametrize("dataset", ["no/such/folder", "test/missing-v0", ""])
def test_missing_dataset(dataset, tmp_path: pathlib.Path):
    with (
        mock.patch.dict(os.environ, MINARI_DATASETS_PATH=str(tmp_path)),
        pytest.raises(UserError),
    ):
        demonstrations.load(dataset, "CartPole")


def test_a_folder_of_datasets_names_them(expert_data):
    folder = expert_data / "Hopper" / "demonstrations"
    with pytest.raises(UserError, match=f"is a folder of datasets; use one of .*{folder / '4'}"):
        demonstrations.load(folder, "Hopper")
