"""Rows of which something is missing cut their episode, which is no termination."""

import pathlib

import numpy as np
import pytest
import walks
from walks import LAST, LENGTHS, LIMIT, NEXT, NUMBERS, TERMINALS, TIMEOUTS, arrays

from mgail_tf.data import formats

# The fourth step of the third episode, which has five and is ended by the task.
ROW = sum(LENGTHS[:2]) + 3


def read(folder: pathlib.Path, values: dict[str, np.ndarray]) -> formats.Recording:
    np.savez(folder / "walks.npz", allow_pickle=True, **values)
    return formats.read(folder / "walks.npz", LIMIT)


def damaged(values: dict[str, np.ndarray], *names: str, row: int = ROW, part=...):
    values = {name: array.copy() for name, array in values.items()}
    for name in names:
        values[name][row, part] = np.nan
    return values


@pytest.mark.parametrize(
    "told",
    [
        {"dones": LAST},
        {"terminals": TERMINALS, "timeouts": TIMEOUTS},
        {"terminals": TERMINALS},
        {"timeouts": TIMEOUTS},
        {"episode": NUMBERS},
        {"not_done": ~TERMINALS, "is_last": LAST},
    ],
    ids=lambda told: ",".join(told),
)
@pytest.mark.parametrize(
    ("names", "part"),
    [(("observations",), ...), (("observations",), 1), (("actions",), ...), (("actions",), 0)],
)
def test_a_missing_row_cuts_its_episode(told, names, part, tmp_path: pathlib.Path):
    recording = read(tmp_path, damaged(arrays(next_observations=NEXT, **told), *names, part=part))
    lengths = [len(episode.actions) for episode in recording.episodes]
    assert lengths == [7, 12, 3, 1, 12]
    terminated = [episode.terminated for episode in recording.episodes]
    assert terminated == [True, False, False, True, False]
    third = walks.EPISODES[2]
    before, after = recording.episodes[2:4]
    np.testing.assert_array_equal(before.observations, third.observations[:4])
    np.testing.assert_array_equal(after.observations, third.observations[4:])
    np.testing.assert_array_equal(after.actions, third.actions[4:])
    [note] = [note for note in recording.notes if "1 row" in note]
    assert f"row {ROW} of walks.npz" in note


def test_what_is_missing_altogether(tmp_path: pathlib.Path):
    values = damaged(arrays(dones=LAST, next_observations=NEXT), "observations", "actions")
    recording = read(tmp_path, damaged(values, "next_observations"))
    assert [episode.terminated for episode in recording.episodes] == [1, 0, 0, 1, 0]


def test_an_episode_whose_last_row_is_missing_was_not_ended(tmp_path: pathlib.Path):
    values = arrays(terminals=TERMINALS, timeouts=TIMEOUTS, next_observations=NEXT)
    episodes = read(tmp_path, damaged(values, "observations", row=ROW + 1)).episodes
    assert [len(episode.actions) for episode in episodes] == [7, 12, 4, 12]
    assert [episode.terminated for episode in episodes] == [True, False, False, False]


def test_an_episode_of_the_time_limit_stays_one_that_was_cut(tmp_path: pathlib.Path):
    values = damaged(arrays(dones=LAST, next_observations=NEXT), "observations", row=LENGTHS[0] + 5)
    episodes = read(tmp_path, values).episodes
    assert [len(episode.actions) for episode in episodes] == [7, 5, 6, 5, 12]
    assert [episode.terminated for episode in episodes] == [True, False, False, True, False]


def test_next_observations_that_are_not_finite_are_not_used(tmp_path: pathlib.Path):
    values = arrays(dones=LAST, next_observations=NEXT.copy())
    values["next_observations"][ROW, 0] = np.inf
    recording = read(tmp_path, values)
    walks.check(recording.episodes)
    [note] = [note for note in recording.notes if "not used" in note]
    assert f"row {ROW} of walks.npz" in note
    # Where the last action of an episode led, no other row tells.
    values["next_observations"][ROW + 1, 0] = np.inf
    lengths = [len(episode.actions) for episode in read(tmp_path, values).episodes]
    assert lengths == [7, 12, 4, 12]


def test_rows_of_several_files_are_told_with_their_file(tmp_path: pathlib.Path):
    for index, row in enumerate((3, 4)):
        values = damaged({name: array[:7] for name, array in arrays().items()}, "actions", row=row)
        np.savez(tmp_path / f"walk_{index}.npz", allow_pickle=True, **values, dones=LAST[:7])
    recording = formats.read(tmp_path, LIMIT)
    assert len(recording.episodes) == 4
    [note] = [note for note in recording.notes if "rows" in note]
    assert "2 rows (row 3 of walk_0.npz, row 4 of walk_1.npz)" in note


def test_an_infinite_observation_ends_nothing(tmp_path: pathlib.Path):
    values = arrays(dones=LAST, next_observations=NEXT)
    values["observations"][ROW, 1] = np.inf
    episodes = read(tmp_path, values).episodes
    assert [len(episode.actions) for episode in episodes] == [7, 12, 3, 1, 12]
    assert [episode.terminated for episode in episodes] == [True, False, False, True, False]


def test_what_a_missing_row_still_shows(tmp_path: pathlib.Path):
    # Nothing else tells where the action before it led.
    episodes = read(tmp_path, damaged(arrays(dones=LAST), "actions")).episodes
    np.testing.assert_array_equal(episodes[2].observations, walks.EPISODES[2].observations[:4])
    # The first row of an episode does not show where the one before it ended.
    values = arrays(dones=LAST, next_observations=NEXT)
    episodes = read(tmp_path, damaged(values, "actions", row=ROW - 3)).episodes
    np.testing.assert_array_equal(episodes[1].observations, walks.EPISODES[1].observations)


def test_empty_rows_after_the_time_limit_are_between_episodes(tmp_path: pathlib.Path):
    places = np.cumsum(LENGTHS)[:-1]
    values = {
        name: np.insert(array, places, np.nan, axis=0)
        for name, array in arrays(dones=TERMINALS.astype(float)).items()
    }
    walks.check(read(tmp_path, values).episodes, outcomes=False)


def test_environments_that_go_on_after_an_end_keep_their_steps(tmp_path: pathlib.Path):
    values = arrays(dones=LAST)
    values["observations"] = np.arange(len(LAST))[:, None] + np.zeros(3)
    values["next_observations"] = values["observations"] + 1
    for number in np.nan, np.inf:
        values["observations"][ROW, 1] = number
        episodes = read(tmp_path, values).episodes
        assert [len(episode.actions) for episode in episodes] == [7, 12, 3, 1, 12]
