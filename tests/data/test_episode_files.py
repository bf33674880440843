import pathlib

import numpy as np
import pytest
from recordings import random_episodes, write_file
import walks

from mgail_tf.data import demonstrations, formats, minari_writer
from mgail_tf.errors import UserError

ENDINGS = "npz", "csv", "hdf5"


def arrays_of(first: int, last: int) -> dict[str, np.ndarray]:
    """The steps of some episodes of the walks, with flags and where each step led."""
    steps = walks.arrays(
        terminals=walks.TERMINALS, timeouts=walks.TIMEOUTS, next_observations=walks.NEXT
    )
    kept = (first <= walks.NUMBERS) & (last >= walks.NUMBERS)
    return {name: values[kept] for name, values in steps.items()}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_for_each_episode(ending, tmp_path: pathlib.Path):
    # 10 comes after 9.
    for index in range(4):
        write_file(arrays_of(index, index), tmp_path / f"episode_{index + 8}.{ending}")
    (tmp_path / "README.txt").write_text("of Tuesday")
    (tmp_path / ".hidden.npz").write_bytes(b"of the system")
    recording = formats.read(tmp_path, walks.LIMIT)
    walks.check(recording.episodes)
    assert recording.notes == [
        "ends of episodes: told by files, terminals, timeouts",
        "not understood, left out: README.txt",
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_several_episodes_in_a_file(ending, tmp_path: pathlib.Path):
    write_file(arrays_of(0, 0), tmp_path / f"1.{ending}")
    write_file(arrays_of(1, 3), tmp_path / f"2.{ending}")
    walks.check(formats.read(tmp_path, walks.LIMIT).episodes)


def test_files_end_episodes_where_nothing_else_does(tmp_path: pathlib.Path):
    for index, episode in enumerate(walks.EPISODES):
        fields = {"obs": episode.observations, "acts": episode.actions, "rews": episode.rewards}
        write_file(fields, tmp_path / f"{index}.npz")
    recording = formats.read(tmp_path, walks.LIMIT)
    # What is shorter than the time limit is taken for ended by the task, as in a single file.
    walks.check(recording.episodes)
    assert recording.notes[0] == "ends of episodes: told by files"


def test_groups_in_files(tmp_path: pathlib.Path):
    for file in range(2):
        groups = {}
        for group in range(2):
            arrays = arrays_of(2 * file + group, 2 * file + group)
            groups |= {f"data/demo_{group}/{name}": values for name, values in arrays.items()}
        write_file(groups, tmp_path / f"{file}.hdf5")
    walks.check(formats.read(tmp_path, walks.LIMIT).episodes)


def test_a_folder_is_loaded_as_it_is(tmp_path: pathlib.Path):
    for index, episode in enumerate(random_episodes()):
        fields = {"obs": episode.observations, "acts": episode.actions}
        write_file(fields, tmp_path / "mine" / f"{index}.npz")
    loaded = demonstrations.load(tmp_path / "mine", "Pendulum-v1")
    assert loaded.lengths == tuple(len(episode.actions) for episode in random_episodes())
    minari_writer.write(random_episodes(), "Pendulum-v1", tmp_path / "dataset")
    for dataset in tmp_path / "dataset", tmp_path / "dataset" / "data":
        assert not formats.is_recording(dataset)


def test_folders_that_are_refused(tmp_path: pathlib.Path):
    write_file(arrays_of(0, 0), tmp_path / "0.npz")
    other = arrays_of(1, 1)
    other["actions"] = other["actions"][:, :1]
    write_file(other, tmp_path / "1.npz")
    with pytest.raises(
        UserError, match=r"1.npz: its actions are of shape \(1,\), those of .*0.npz"
    ):
        formats.read(tmp_path)
    (tmp_path / "1.npz").write_bytes(b"no archive")
    with pytest.raises(UserError, match="1.npz cannot be read"):
        formats.read(tmp_path)
    (tmp_path / "1.npz").rename(tmp_path / "1.csv")
    with pytest.raises(UserError, match="holds .npz and .csv files; keep those of one kind in it"):
        formats.read(tmp_path)
