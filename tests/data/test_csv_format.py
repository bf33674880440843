import pathlib

import numpy as np
import pytest

from mgail_tf.data import demonstrations, formats, minari_writer
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError


def read(folder: pathlib.Path, *lines: str) -> list[Episode]:
    (folder / "recording.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return formats.read(folder / "recording.csv").episodes


def test_discrete_actions(tmp_path: pathlib.Path):
    header = "observation_0,observation_1,observation_2,observation_3,action"
    episodes = read(tmp_path, header, "0,0,0,0,1", "1,1,1,1,0", "2,2,2,2,1", "3,3,3,3,")
    minari_writer.write(episodes, "CartPole-v1", tmp_path / "dataset")
    loaded = demonstrations.load(tmp_path / "dataset", "CartPole-v1")
    np.testing.assert_array_equal(loaded.actions, [1, 0, 1])
    np.testing.assert_array_equal(loaded.next_observations[:, 0], [1, 2, 3])
    assert loaded.return_mean is None


@pytest.mark.parametrize(
    "flags",
    [
        ("terminated,truncated", "False,", "True,False", "false,TRUE"),
        ("terminated,truncated", "0,0", "1,0", "0,1"),
        ("terminated,truncated", "0.0,", "1.0,", ",1.0"),
    ],
)
def test_episodes_without_names_end_where_they_are_flagged(flags, tmp_path: pathlib.Path):
    names, neither, terminated, truncated = flags
    first, second, third = read(
        tmp_path,
        f"observation_0,action,{names}",
        f"0,1,{neither}",
        f"1,1,{neither}",
        f"2,1,{terminated}",
        f"3,1,{neither}",
        f"4,1,{truncated}",
        "5,,,",
        f"6,1,{neither}",
        f"7,1,{neither}",
    )
    # Where an episode's last row has an action, nothing tells where that one led.
    np.testing.assert_array_equal(first.observations[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(second.observations[:, 0], [3, 4, 5])
    np.testing.assert_array_equal(third.observations[:, 0], [6, 7])
    assert [len(episode.actions) for episode in (first, second, third)] == [2, 2, 1]
    assert [episode.terminated for episode in (first, second, third)] == [True, False, False]


def test_named_episodes(tmp_path: pathlib.Path):
    header = "episode,observation_1,observation_0,action"
    rows = "first,0,1,2", "first,3,4,", "second,5,6,7", "second,8,9,"
    first, second = read(tmp_path, header, *rows)
    np.testing.assert_array_equal(first.observations, [[1, 0], [4, 3]])
    np.testing.assert_array_equal(second.observations, [[6, 5], [9, 8]])
    np.testing.assert_array_equal(second.actions, [7])


def test_episodes_by_number_however_it_is_written(tmp_path: pathlib.Path):
    header = "episode,observation_0,action"
    [episode] = read(tmp_path, header, "0,1,1", "0.0,2,1", "0 ,3,1", "", "")
    np.testing.assert_array_equal(episode.observations[:, 0], [1, 2, 3])


def test_long_numbers_of_episodes_are_not_rounded(tmp_path: pathlib.Path):
    header, number = "episode,observation_0,action", 1_700_000_000_000_000_000
    rows = [f"{number + episode},{step},{step}" for episode in range(2) for step in range(3)]
    assert len(read(tmp_path, header, *rows)) == 2


def test_what_stands_in_the_reward_column_of_a_row_without_an_action_does_not_count(
    tmp_path: pathlib.Path,
):
    for reward in "", "5":
        [episode] = read(tmp_path, "observation_0,action,reward", "0,1,3", "1,1,4", f"2,,{reward}")
        np.testing.assert_array_equal(episode.rewards, [3, 4])


@pytest.mark.parametrize("separator", [";", "\t"])
def test_columns_may_be_separated_by_something_else(separator, tmp_path: pathlib.Path):
    lines = "observation_0,action,note", "1,0.5,", '2,0.5,"a, b"', "3,,"
    [episode] = read(tmp_path, *(line.replace(",", separator) for line in lines))
    np.testing.assert_array_equal(episode.observations[:, 0], [1, 2, 3])


@pytest.mark.parametrize("damaged", ["0,,5,1", "0,2,,1", "0,2,,", "0,2,inf,1"])
def test_a_blank_cell_cuts_the_episode_and_is_told_by_its_line(damaged, tmp_path: pathlib.Path):
    rows = "0,0,5,1", "0,1,5,1", damaged, "0,3,5,1", "0,4,5,1", "0,5,5,1"
    header = "episode,observation_0,observation_1,action"
    before, after = read(tmp_path, header, *rows)
    assert [len(before.actions), len(after.actions)] == ([1, 2])
    np.testing.assert_array_equal(after.observations[:, 0], [3, 4, 5])
    assert not before.terminated
    [note] = [n for n in formats.read(tmp_path / "recording.csv").notes if "1 row" in n]
    assert "line 4 of recording.csv" in note


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("observation_0\n1", "action"),
        ("action\n1", "observation_0"),
        ("observation_0,action\n1,1\n2,x\n3,1", "not a number"),
        ("observation_0,observation_2,action\n1,1,1", "without gaps"),
        (
            "observation_0,action,terminated\n1,1,no\n2,1,no",
            "'no' in terminated, line 2, is not true or false",
        ),
        ("observation_0,action\n1,0.5,1\n2,0.5,1", "line 2, saw 3"),
        ("observation_0,action,action \n1,1,1", "two columns 'action'"),
        ("episode,observation_0,action\n0,1,1\n,2,1", "missing in line 3"),
        ("observation_0,action\n1,1\n\n2,1\n3,1", "line 3 is empty"),
        ("observation_0;action\n0,5;1", r"'0,5' in observation_0, line 2.*must have a point"),
        ("observation_0,action\n\n", "no action"),
    ],
)
def test_bad_files(content, message, tmp_path: pathlib.Path):
    with pytest.raises(UserError, match=message):
        read(tmp_path, content)


def test_what_would_take_too_much_memory_is_refused(tmp_path: pathlib.Path):
    with pytest.raises(UserError, match="line 3, is of 100,000 letters"):
        read(tmp_path, "observation,action", "0,1", "1" * 100_000 + ",1")
    with pytest.raises(UserError, match="100,001 columns"):
        read(tmp_path, "observation," + ",".join(f"action_{i}" for i in range(100_000)))
