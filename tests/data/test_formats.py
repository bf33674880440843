import pathlib

import h5py
import numpy as np
import pytest
from recordings import (
    LENGTHS,
    TERMINATED,
    WRITERS,
    d4rl,
    random_episodes,
    write_csv,
    write_file,
    write_imitation_npz,
    write_npz,
)
import walks

from mgail_tf.data import demonstrations, formats, minari_writer
from mgail_tf.envs.episodes import Episode, play
from mgail_tf.errors import UserError


@pytest.mark.parametrize("write", WRITERS)
def test_every_format_gives_the_same_dataset(write, tmp_path: pathlib.Path):
    episodes = random_episodes()
    recorded = formats.read(write(episodes, tmp_path)).episodes
    for episode, expected in zip(recorded, episodes, strict=True):
        np.testing.assert_allclose(episode.observations, expected.observations, rtol=1e-6)
        np.testing.assert_allclose(episode.actions, expected.actions, rtol=1e-6)
        np.testing.assert_allclose(episode.rewards, expected.rewards, rtol=1e-6)
        assert episode.terminated == expected.terminated
    minari_writer.write(recorded, "Pendulum-v1", tmp_path / "dataset")
    loaded = demonstrations.load(tmp_path / "dataset", "Pendulum-v1")
    expected = d4rl(episodes)
    np.testing.assert_allclose(loaded.observations, expected["observations"])
    np.testing.assert_allclose(loaded.next_observations, expected["next_observations"])
    np.testing.assert_allclose(loaded.actions, expected["actions"])
    np.testing.assert_array_equal(loaded.terminated, expected["terminals"])
    np.testing.assert_array_equal(loaded.ended, expected["terminals"] | expected["timeouts"])
    assert loaded.return_mean == pytest.approx(np.mean([e.rewards.sum() for e in episodes]))


def test_without_next_observations_the_last_action_is_left_out(tmp_path: pathlib.Path):
    episodes = random_episodes()
    arrays = d4rl(episodes)
    names = "observations", "actions", "terminals", "timeouts"
    first, last = formats.read(write_npz({name: arrays[name] for name in names}, tmp_path)).episodes
    # The episode of one step tells nothing.
    np.testing.assert_array_equal(first.observations, episodes[0].observations[:-1])
    np.testing.assert_array_equal(first.actions, episodes[0].actions[:-1])
    np.testing.assert_array_equal(last.actions, episodes[2].actions[:-1])
    assert first.terminated and not last.terminated
    assert np.isnan(first.rewards).all()


def write_d4rl_without_next_observations(
    episodes: list[Episode], folder: pathlib.Path
) -> pathlib.Path:
    arrays = d4rl(episodes)
    del arrays["next_observations"]
    return write_npz(arrays, folder)


def write_csv_without_last_observations(
    episodes: list[Episode], folder: pathlib.Path
) -> pathlib.Path:
    return write_csv(episodes, folder, last_observations=False)


@pytest.mark.parametrize(
    "write", [write_d4rl_without_next_observations, write_csv_without_last_observations]
)
def test_the_reward_of_an_action_that_is_left_out_still_counts(write, tmp_path: pathlib.Path):
    # It is the last one that is paid for: 100, at the goal.
    def swing(observations: np.ndarray) -> np.ndarray:
        return np.where(observations[:, 1:] >= 0.0, 1.0, -1.0).astype(np.float32)

    episodes = play(swing, "MountainCarContinuous-v0", 3, seed=0)
    if write is write_csv_without_last_observations:
        # `write_csv` writes three components of an observation.
        episodes = [
            episode._replace(observations=np.pad(episode.observations, [(0, 0), (0, 1)]))
            for episode in episodes
        ]
    recorded = formats.read(write(episodes, tmp_path)).episodes
    for episode, expected in zip(recorded, episodes, strict=True):
        assert len(episode.actions) == len(expected.actions) - 1
        assert 89 < expected.rewards.sum() < 90
        assert episode.rewards.sum() == pytest.approx(expected.rewards.sum(), abs=1e-6)
        np.testing.assert_allclose(episode.rewards[:-1], expected.rewards[:-2], atol=1e-6)


@pytest.mark.parametrize("ending", ["npz", "csv", "hdf5"])
@pytest.mark.parametrize(
    "names",
    [
        ("Obs", "Acts", "Rews", "Done", "Next_Obs"),
        ("state", "action", "reward", "is_last", "next_state"),
        ("s", "a", "r", "dones", "s2"),
        ("OBSERVATION", "ACT", "REW", "ENDED", "NEXT_OBSERVATION"),
    ],
)
def test_names_are_the_same_in_every_kind_of_file(names, ending, tmp_path: pathlib.Path):
    values = walks.arrays(dones=walks.LAST, following=walks.NEXT)
    values = dict(zip(names, values.values(), strict=True)) | {"mood": walks.STEPS}
    file = write_file(values, tmp_path / f"recording.{ending}")
    recording = formats.read(file, walks.LIMIT)
    walks.check(recording.episodes)
    assert recording.notes[-1] == "not understood, left out: mood"


def test_what_is_said_of_a_recording(tmp_path: pathlib.Path):
    file = write_file(walks.arrays(dones=walks.LAST), tmp_path / "recording.npz")
    lines = formats.read(file, walks.LIMIT).describe()
    assert lines[:2] == [
        "4 episodes, 32 steps (4 to 11 an episode)",
        "ended by: 2 by the task, 2 cut off",
    ]
    returns = [episode.rewards.sum() for episode in walks.EPISODES]
    assert lines[2].startswith(f"returns: mean {np.mean(returns):.5g}, from {min(returns):.5g} to")
    assert lines[3].startswith("left out: 4 steps") and "nothing tells where they led" in lines[3]


def test_names_of_a_file_do_nothing_to_a_terminal(tmp_path: pathlib.Path):
    values = walks.arrays(dones=walks.LAST) | {"weird\nname\x1b[31m": walks.STEPS}
    lines = formats.read(write_file(values, tmp_path / "recording.npz"), walks.LIMIT).describe()
    assert lines[-1] == "not understood, left out: weird\\nname\\x1b[31m"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("reward", [np.inf, 1e308])
def test_rewards_that_are_not_finite(reward, tmp_path: pathlib.Path):
    values = walks.arrays(dones=walks.LAST, rewards=np.full(len(walks.LAST), reward))
    lines = formats.read(write_file(values, tmp_path / "recording.npz"), walks.LIMIT).describe()
    assert lines[2] == "returns: not known, because rewards, or their sums, are not finite"


def test_gymnasiums_names_in_npz(tmp_path: pathlib.Path):
    arrays = d4rl(random_episodes())
    arrays["terminations"], arrays["truncations"] = arrays.pop("terminals"), arrays.pop("timeouts")
    recorded = formats.read(write_npz(arrays, tmp_path)).episodes
    assert [len(episode.actions) for episode in recorded] == list(LENGTHS)
    assert [episode.terminated for episode in recorded] == list(TERMINATED)


@pytest.mark.parametrize("name", ["observations", "rewards", "terminals", "next_observations"])
def test_npz_of_unequal_lengths(name, tmp_path: pathlib.Path):
    arrays = d4rl(random_episodes())
    file = write_npz(arrays | {name: arrays[name][:-1]}, tmp_path)
    with pytest.raises(UserError, match="a row for each step"):
        formats.read(file)


def test_imitations_npz_of_too_few_observations(tmp_path: pathlib.Path):
    first, *others = random_episodes()
    episodes = [first._replace(observations=first.observations[:-1]), *others]
    with pytest.raises(UserError, match="a row for each step; they have: obs 15, acts 13"):
        formats.read(write_imitation_npz(episodes, tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.npz", None, "does not exist"),
        ("recording.pkl", b"", "pickles are never opened.*np.savez"),
        ("recording.npy", b"", "a single array.*np.savez"),
        ("recording.json", b"", "make a .csv"),
        ("recording.zip", b"", "unpack it"),
        ("recording.mcap", b"", "use .npz, .csv or .hdf5"),
        ("recording.h5", b"no archive", "cannot be read"),
        ("recording.npz", b"no archive", "it is no .npz file, or it is damaged"),
        ("recording.csv", b"observation_0,action\n1,1\n", "no action"),
        ("recording.csv", b"", "cannot be read"),
    ],
)
def test_bad_recordings(name, content, message, tmp_path: pathlib.Path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        formats.read(tmp_path / name)


@pytest.mark.parametrize("name", ["observations", "actions", "rewards", "terminals"])
def test_npz_of_words(name, tmp_path: pathlib.Path):
    arrays = d4rl(random_episodes())
    del arrays["next_observations"]
    words = arrays[name].astype("U32")
    assert len(formats.read(write_npz(arrays | {name: words}, tmp_path)).episodes) == 2
    words[3] = "left"
    with pytest.raises(UserError, match=f"'left' in {name}, row 3, is not"):
        formats.read(write_npz(arrays | {name: words}, tmp_path))


def test_folders_that_are_not_of_imitation(tmp_path: pathlib.Path):
    with pytest.raises(UserError, match="not saved by imitation, and holds no .npz"):
        formats.read(tmp_path)
    minari_writer.write(random_episodes(), "Pendulum-v1", tmp_path / "dataset")
    with pytest.raises(UserError, match="a Minari dataset already"):
        formats.read(tmp_path / "dataset")


def test_pickles_are_refused(tmp_path: pathlib.Path):
    arrays = {"observations": np.array([[{}]] * 3, dtype=object), "actions": np.zeros([3, 1])}
    message = "observations is pickled, and pickles are never opened.*save it as numbers"
    with pytest.raises(UserError, match=message):
        formats.read(write_npz(arrays, tmp_path))
    # What is not needed may be pickled.
    arrays["infos"] = arrays["observations"]
    arrays["observations"] = np.ones([3, 1])
    assert "infos" in formats.read(write_npz(arrays, tmp_path)).notes[-1]


@pytest.mark.parametrize("ending", ["npz", "hdf5"])
def test_a_small_file_that_unpacks_to_much(ending, tmp_path: pathlib.Path):
    file, zeros = tmp_path / f"zeros.{ending}", np.zeros((2**24, 3))
    if ending == "npz":
        np.savez_compressed(file, observations=zeros, actions=[0])
    else:
        with h5py.File(file, "w") as recording:
            recording.create_dataset("observations", data=zeros, compression="gzip")
            recording["actions"] = [0]
    with pytest.raises(UserError, match="it says that it has 402,"):
        formats.read(file)
