"""Checkpoints that are damaged as disks and people do it."""

import pathlib
import re
import shutil

import pytest
import tensorflow as tf

from mgail_tf.errors import UserError
from mgail_tf.training.checkpoints import Checkpoints, numbers


class State(tf.Module):
    """A number, and what takes room beside it."""

    def __init__(self, size=1000):
        super().__init__()
        self.number = tf.Variable(0)
        self.rest = tf.Variable(tf.random.normal([size]))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder in which the numbers 1 to 5 were saved, one after another."""
    folder = tmp_path_factory.mktemp("checkpoints")
    save(Checkpoints(folder, state=(state := State())), state, range(1, 6))
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "checkpoints")


def save(checkpoints, state, values):
    for value in values:
        state.number.assign(value)
        checkpoints.save()


def restored(folder):
    state = State()
    Checkpoints(folder, state=state).restore()
    return int(state.number)


def test_the_last_three_are_kept_and_the_newest_is_restored(folder):
    assert numbers(folder) == [3, 4, 5] and restored(folder) == 5
    assert sorted(each.name for each in folder.iterdir()) == [
        "checkpoint",
        *(f"ckpt-{n}.{end}" for n in (3, 4, 5) for end in ("data-00000-of-00001", "index")),
    ]
    assert tf.train.latest_checkpoint(str(folder)) == str(folder / "ckpt-5")


def test_one_is_kept_when_the_run_is_finished(folder):
    checkpoints = Checkpoints(folder, state=State())
    checkpoints.restore()
    checkpoints.keep(1)
    assert numbers(folder) == [5] and len(list(folder.iterdir())) == 3
    assert tf.train.latest_checkpoint(str(folder)) == str(folder / "ckpt-5")


def test_a_new_run_has_none(tmp_path):
    assert restored(tmp_path / "checkpoints") == 0 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [None, b"", b"\x00\xff garbage", b'model_checkpoint_path: "x"'])
def test_the_file_that_names_them_may_be_lost(names, folder, capfd):
    file = folder / "checkpoint"
    if names is None:
        file.unlink()
    else:
        file.write_bytes(names)
    assert restored(folder) == 5
    assert capfd.readouterr().err == ""


def removed(file: pathlib.Path):
    file.unlink()


def emptied(file: pathlib.Path):
    file.write_bytes(b"")


def cut(file: pathlib.Path):
    file.write_bytes(file.read_bytes()[:-50])


def overwritten(file: pathlib.Path):
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(byte ^ 255 for byte in content[middle : middle + 8])
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("end", "damage"),
    [
        *(("index", damage) for damage in (emptied, cut, overwritten)),
        *(("data-00000-of-00001", damage) for damage in (removed, emptied, cut, overwritten)),
    ],
)
def test_a_damaged_one_is_said_and_the_one_before_it_restored(end, damage, folder, capfd):
    damage(folder / f"ckpt-5.{end}")
    assert restored(folder) == 4
    said = capfd.readouterr().err
    assert re.fullmatch(r"checkpoint ckpt-5 is damaged \(.*\); going on from ckpt-4\n", said)


def test_the_next_one_takes_the_place_of_damaged_ones(folder):
    for number in 4, 5:
        cut(folder / f"ckpt-{number}.index")
    checkpoints = Checkpoints(folder, state=(state := State()))
    checkpoints.restore()
    assert int(state.number) == 3 and numbers(folder) == [3, 4, 5]
    save(checkpoints, state, [6])
    assert numbers(folder) == [3, 6] and restored(folder) == 6


def test_a_folder_in_its_place_is_damage_too(folder):
    (folder / "ckpt-5.index").unlink()
    (folder / "ckpt-5.index").mkdir()
    checkpoints = Checkpoints(folder, state=(state := State()))
    checkpoints.restore()
    save(checkpoints, state, [6])
    assert restored(folder) == 6 and not (folder / "ckpt-5.index").exists()


def test_where_all_are_damaged_nothing_is_restored(folder):
    for number in 3, 4, 5:
        emptied(folder / f"ckpt-{number}.index")
    with pytest.raises(UserError, match="ckpt-5 is damaged .*ckpt-3 is damaged .*; choose") as e:
        restored(folder)
    assert "\n" not in str(e.value) and numbers(folder) == [3, 4, 5]


def test_what_was_not_finished_is_none(folder):
    (folder / "ckpt-6.data-00000-of-00001").write_bytes(b"half")
    (folder / "unfinished").mkdir()
    (folder / "unfinished" / "ckpt-6.index").write_bytes(b"half")
    checkpoints = Checkpoints(folder, state=(state := State()))
    checkpoints.restore()
    assert int(state.number) == 5
    save(checkpoints, state, [6, 7])
    assert numbers(folder) == [5, 6, 7] and restored(folder) == 7
    assert not (folder / "unfinished").exists()


def test_another_networks_checkpoint_is_not_called_damaged(folder):
    with pytest.raises(UserError, match="ckpt-5 is whole, but of other networks"):
        Checkpoints(folder, state=State(size=7)).restore()
