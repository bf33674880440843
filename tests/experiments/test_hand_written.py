import numpy as np
import pytest

from experiments import hand_written
from mgail_tf.data import formats

WRITERS = {
    "recording.npz": hand_written.write_npz,
    "recording.csv": hand_written.write_csv,
    "recording.hdf5": hand_written.write_hdf5,
}


@pytest.mark.parametrize(
    ("env", "level"), [("Pendulum-v1", -400.0), ("MountainCarContinuous-v0", 85.0)]
)
def test_controllers_do_their_task(env, level):
    episodes = hand_written.play(env, range(5))
    assert min(episode.rewards.sum() for episode in episodes) > level


@pytest.mark.parametrize("file", WRITERS)
def test_files_are_read_as_they_were_played(file, tmp_path):
    episodes = hand_written.play("MountainCarContinuous-v0", range(2))
    WRITERS[file](episodes, tmp_path / file)
    for played, read in zip(episodes, formats.read(tmp_path / file).episodes, strict=True):
        for name in "observations", "actions", "rewards":
            values = getattr(played, name)
            np.testing.assert_allclose(np.reshape(getattr(read, name), values.shape), values)
