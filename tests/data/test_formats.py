import numpy as np
import pytest

from mgail_tf.data import demonstrations, formats, minari_writer
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError

LENGTHS, TERMINATED = (5, 1, 7), (True, False, False)


@pytest.fixture
def episodes():
    """Episodes that fit Pendulum: observations [3], actions [1]."""
    rng = np.random.default_rng(0)
    return [
        Episode(
            rng.normal(size=(length + 1, 3)).astype(np.float32),
            rng.uniform(-1, 1, (length, 1)).astype(np.float32),
            rng.normal(size=length),
            terminated,
        )
        for length, terminated in zip(LENGTHS, TERMINATED, strict=True)
    ]


def ends(episode):
    return np.arange(len(episode.actions)) == len(episode.actions) - 1


def d4rl(episodes):
    return {
        "observations": np.concatenate([e.observations[:-1] for e in episodes]),
        "next_observations": np.concatenate([e.observations[1:] for e in episodes]),
        "actions": np.concatenate([e.actions for e in episodes]),
        "rewards": np.concatenate([e.rewards for e in episodes]),
        "terminals": np.concatenate([e.terminated & ends(e) for e in episodes]),
        "timeouts": np.concatenate([(not e.terminated) & ends(e) for e in episodes]),
    }


def write_d4rl(episodes, folder):
    np.savez(folder / "recording.npz", **d4rl(episodes))
    return folder / "recording.npz"


def write_csv(episodes, folder):
    lines = ["episode,observation_0,observation_1,observation_2,action_0,reward,terminated"]
    for index, episode in enumerate(episodes):
        for step, observation in enumerate(episode.observations):
            last = step == len(episode.actions)
            action = "" if last else float(episode.actions[step, 0])
            reward = "" if last else float(episode.rewards[step])
            terminated = int(episode.terminated and step == len(episode.actions) - 1)
            values = [index, *map(float, observation), action, reward, terminated]
            lines.append(",".join(map(str, values)))
    (folder / "recording.csv").write_text("\n".join(lines) + "\n")
    return folder / "recording.csv"


def write_imitation_npz(episodes, folder):
    infos = np.array([{"pickled": True}] * sum(LENGTHS), dtype=object)
    np.savez(
        folder / "recording.npz",
        obs=np.concatenate([e.observations for e in episodes]),
        acts=np.concatenate([e.actions for e in episodes]),
        rews=np.concatenate([e.rewards for e in episodes]),
        terminal=np.array([e.terminated for e in episodes]),
        infos=infos,
        indices=np.cumsum(LENGTHS[:-1]),
    )
    return folder / "recording.npz"


def write_imitation_folder(episodes, folder):
    import datasets

    rows = {
        "obs": [e.observations for e in episodes],
        "acts": [e.actions for e in episodes],
        "infos": [["{}"] * len(e.actions) for e in episodes],
        "terminal": [e.terminated for e in episodes],
        "rews": [e.rewards for e in episodes],
    }
    datasets.Dataset.from_dict(rows).save_to_disk(str(folder / "recording"))
    return folder / "recording"


WRITERS = write_d4rl, write_csv, write_imitation_npz, write_imitation_folder


@pytest.mark.parametrize("write", WRITERS)
def test_every_format_gives_the_same_dataset(write, episodes, tmp_path):
    read = formats.read(write(episodes, tmp_path))
    for one, other in zip(read, episodes, strict=True):
        for field, expected in zip(one, other, strict=True):
            np.testing.assert_allclose(field, expected, rtol=1e-6)
    minari_writer.write(read, "Pendulum-v1", tmp_path / "dataset")
    loaded = demonstrations.load(tmp_path / "dataset", "Pendulum-v1")
    expected = d4rl(episodes)
    np.testing.assert_allclose(loaded.observations, expected["observations"])
    np.testing.assert_allclose(loaded.next_observations, expected["next_observations"])
    np.testing.assert_allclose(loaded.actions, expected["actions"])
    np.testing.assert_array_equal(loaded.terminated, expected["terminals"])
    np.testing.assert_array_equal(loaded.ended, expected["terminals"] | expected["timeouts"])
    assert loaded.return_mean == pytest.approx(np.mean([e.rewards.sum() for e in episodes]))


def test_d4rl_without_where_the_last_actions_led(episodes, tmp_path):
    data = d4rl(episodes)
    data = {name: data[name] for name in ("observations", "actions", "terminals", "timeouts")}
    np.savez(tmp_path / "recording.npz", **data)
    first, last = formats.read(tmp_path / "recording.npz")
    # The episode of one step tells nothing.
    np.testing.assert_array_equal(first.observations, episodes[0].observations[:-1])
    np.testing.assert_array_equal(first.actions, episodes[0].actions[:-1])
    np.testing.assert_array_equal(last.actions, episodes[2].actions[:-1])
    assert first.terminated and not last.terminated
    assert np.isnan(first.rewards).all()


def test_discrete_actions_of_a_csv(tmp_path):
    file = tmp_path / "recording.csv"
    columns = [f"observation_{index}" for index in range(4)]
    file.write_text(f"{','.join(columns)},action\n0,0,0,0,1\n1,1,1,1,0\n2,2,2,2,1\n3,3,3,3,\n")
    minari_writer.write(formats.read(file), "CartPole-v1", tmp_path / "dataset")
    loaded = demonstrations.load(tmp_path / "dataset", "CartPole-v1")
    np.testing.assert_array_equal(loaded.actions, [1, 0, 1])
    np.testing.assert_array_equal(loaded.next_observations[:, 0], [1, 2, 3])
    assert loaded.return_mean is None


def read_csv(folder, *lines):
    (folder / "recording.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return formats.read(folder / "recording.csv")


@pytest.mark.parametrize(
    "flags",
    [
        ("terminated,truncated", "False,", "True,False", "false,TRUE"),
        ("terminated,truncated", "0,0", "1,0", "0,1"),
        ("terminated,truncated", "0.0,", "1.0,", ",1.0"),
    ],
)
def test_csv_without_episodes_ends_them_where_they_ended(flags, tmp_path):
    names, goes_on, terminated, truncated = flags
    one, other, last = read_csv(
        tmp_path,
        f"observation_0,action,{names}",
        f"0,1,{goes_on}",
        f"1,1,{goes_on}",
        f"2,1,{terminated}",
        f"3,1,{goes_on}",
        f"4,1,{truncated}",
        "5,,,",
        f"6,1,{goes_on}",
        f"7,1,{goes_on}",
    )
    # The last row of an episode that lacks no action does not tell where it led.
    np.testing.assert_array_equal(one.observations[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(other.observations[:, 0], [3, 4, 5])
    np.testing.assert_array_equal(last.observations[:, 0], [6, 7])
    assert [len(episode.actions) for episode in (one, other, last)] == [2, 2, 1]
    assert [episode.terminated for episode in (one, other, last)] == [True, False, False]


def test_csv_with_named_episodes(tmp_path):
    header = "episode,observation_1,observation_0,action"
    one, other = read_csv(
        tmp_path, header, "first,0,1,2", "first,3,4,", "second,5,6,7", "second,8,9,"
    )
    np.testing.assert_array_equal(one.observations, [[1, 0], [4, 3]])
    np.testing.assert_array_equal(other.observations, [[6, 5], [9, 8]])
    np.testing.assert_array_equal(other.actions, [[7]])


def test_gymnasiums_names_in_npz(episodes, tmp_path):
    data = d4rl(episodes)
    data["terminations"], data["truncations"] = data.pop("terminals"), data.pop("timeouts")
    np.savez(tmp_path / "recording.npz", **data)
    read = formats.read(tmp_path / "recording.npz")
    assert [len(episode.actions) for episode in read] == list(LENGTHS)
    assert [episode.terminated for episode in read] == list(TERMINATED)


@pytest.mark.parametrize("name", ["observations", "rewards", "terminals", "next_observations"])
def test_npz_of_unequal_lengths(name, episodes, tmp_path):
    data = d4rl(episodes)
    np.savez(tmp_path / "recording.npz", **data | {name: data[name][:-1]})
    with pytest.raises(UserError, match="a row for each step"):
        formats.read(tmp_path / "recording.npz")


def test_imitations_npz_without_last_observations(episodes, tmp_path):
    shorter = [episode._replace(observations=episode.observations[:-1]) for episode in episodes]
    with pytest.raises(UserError, match="13 actions cannot have 13 observations"):
        formats.read(write_imitation_npz(shorter, tmp_path))


@pytest.mark.parametrize("field", ["observations", "rewards"])
def test_episode_of_unequal_lengths(field, episodes, tmp_path):
    wrong = episodes[0]._replace(**{field: getattr(episodes[0], field)[:-1]})
    with pytest.raises(UserError, match="episode 0 has 5 actions"):
        minari_writer.write([wrong], "Pendulum-v1", tmp_path / "dataset")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.npz", None, "does not exist"),
        ("recording.pkl", b"", "use a .npz"),
        ("recording.npz", b"no archive", "cannot be read"),
        ("recording.csv", b"observation_0\n1\n", "action"),
        ("recording.csv", b"action\n1\n", "observation_0"),
        ("recording.csv", b"observation_0,action\n1,1\n", "no action"),
        ("recording.csv", b"observation_0,action\n1,1\n2,x\n3,1\n", "not a number"),
        ("recording.csv", b"observation_0,observation_2,action\n1,1,1\n", "without gaps"),
        ("recording.csv", b"episode,observation_0,action\n0,1,1\n0,2,\n0,3,1\n", "line 3"),
        ("recording.csv", b"observation_0,action,terminated\n1,1,no\n2,1,no\n", "true or false"),
        ("recording.csv", b"observation_0,action\n1,0.5,1\n2,0.5,1\n", "line 2, saw 3"),
        ("recording.csv", b"observation_0,action,action \n1,1,1\n", "two columns 'action'"),
        ("recording.csv", b"episode,observation_0,action\n0,1,1\n,2,1\n", "missing in line 3"),
        ("recording.csv", b"observation_0,action\n1,1\n\n2,1\n3,1\n", "line 3 is empty"),
        ("recording.csv", b"observation_0;action\n1;1\n", "separated by commas"),
        ("recording.csv", b"observation_0,action\n\n", "no action"),
        ("recording.csv", b"", "cannot be read"),
    ],
)
def test_bad_recordings(name, content, message, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        formats.read(tmp_path / name)


def test_episodes_by_number_however_it_is_written(tmp_path):
    header = "episode,observation_0,action"
    [read] = read_csv(tmp_path, header, "0,1,1", "0.0,2,1", "0 ,3,1", "", "")
    np.testing.assert_array_equal(read.observations[:, 0], [1, 2, 3])


@pytest.mark.parametrize("name", ["observations", "actions", "rewards", "terminals"])
def test_npz_of_words(name, episodes, tmp_path):
    data = d4rl(episodes)
    np.savez(tmp_path / "recording.npz", **data | {name: data[name].astype(str)})
    with pytest.raises(UserError, match=f"{name} are <U.*must be numbers"):
        formats.read(tmp_path / "recording.npz")


def test_pickles_are_refused(tmp_path):
    np.savez(
        tmp_path / "recording.npz",
        observations=np.array([[{}]] * 3, dtype=object),
        actions=np.zeros([3, 1]),
    )
    with pytest.raises(UserError, match="allow_pickle"):
        formats.read(tmp_path / "recording.npz")


@pytest.mark.parametrize(
    ("env", "what"), [("CartPole-v1", "observations"), ("MountainCar-v0", "observations")]
)
def test_recording_of_another_environment(env, what, episodes, tmp_path):
    with pytest.raises(UserError, match=what):
        minari_writer.write(episodes, env, tmp_path / "dataset")
    assert not list(tmp_path.iterdir())


def test_actions_that_are_none_of_the_discrete_ones(tmp_path):
    episode = Episode(np.zeros([3, 4]), np.array([0.0, 2.0]), np.zeros(2), True)
    with pytest.raises(UserError, match="actions"):
        minari_writer.write([episode], "CartPole-v1", tmp_path / "dataset")


def test_recording_that_is_not_finite(tmp_path):
    observations = np.zeros([3, 3])
    observations[1, 0] = np.nan
    episode = Episode(observations, np.zeros([2, 1]), np.zeros(2), False)
    with pytest.raises(UserError, match="episode 0: its observations have NaN"):
        minari_writer.write([episode], "Pendulum-v1", tmp_path / "dataset")
    assert not list(tmp_path.iterdir())
