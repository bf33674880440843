"""What is promised of each reader of files, whatever is in them.

It reads them, or says in one line what is wrong; and what it has read can be written and is read
again as it was.
"""

from collections.abc import Callable
import contextlib
import pathlib
import tempfile
from typing import Any, NamedTuple
import warnings

import documents
from hypothesis import strategies as st
import numpy as np
import recorded_files
from recorded_files import Files

from mgail_tf import config as configs
from mgail_tf import policy_files, policy_origin, strict_json
from mgail_tf.commands import expert_description, result_tables
from mgail_tf.data import demonstrations, formats, minari_writer, origin
from mgail_tf.data.measurements import Measurements
from mgail_tf.envs import space_json
from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.training import run_folder


class Reader(NamedTuple):
    """A reader of files.

    Attributes:
      files: what it is given.
      read: reads what is in a folder, and checks what it has read.
    """

    files: st.SearchStrategy[Files]
    read: Callable[[pathlib.Path], None]


def keep_promise(reader: Reader, files: Files) -> bool:
    """Checks a reader's promise on files; returns whether it has accepted them."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings(action="ignore"):
        folder = pathlib.Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        try:
            with np.errstate(all="ignore"):
                reader.read(folder)
        except UserError as error:
            told = " ".join(str(error).split())
            assert told and "Traceback" not in told
            return False
        return True


def _recording(folder: pathlib.Path) -> None:
    [file] = folder.iterdir()
    assert formats.is_recording(file) or file.is_dir()
    read = formats.read(file)
    assert read.describe()
    first = read.episodes[0]
    shapes = first.observations.shape[1:], first.actions.shape[1:]
    name = documents.environment(*((shape if len(shape) < 3 else (1,)) for shape in shapes))
    _round_trip(read.episodes, name, folder)


def _round_trip(episodes: list[Episode], env: str, folder: pathlib.Path) -> None:
    """Writes episodes as a dataset, and checks that they are what is loaded."""
    minari_writer.write(episodes, env, folder / "written")
    loaded = demonstrations.load(folder / "written", env)
    assert loaded.lengths == tuple(len(episode.actions) for episode in episodes)
    assert loaded.terminations == sum(episode.terminated for episode in episodes)
    pairs = [_float64(episode.observations)[:-1] for episode in episodes]
    _equal(loaded.observations, np.concatenate(pairs))
    pairs = [_float64(episode.observations)[1:] for episode in episodes]
    _equal(loaded.next_observations, np.concatenate(pairs))
    _equal(loaded.actions, np.concatenate([_float64(episode.actions) for episode in episodes]))
    _equal(loaded.returns, [np.sum(episode.rewards) for episode in episodes])


def _float64(values: Any) -> np.ndarray:
    return np.asarray(values, np.float64)


def _equal(one: Any, other: Any) -> None:
    np.testing.assert_array_equal(np.ravel(one), np.ravel(other))


def _dataset(folder: pathlib.Path) -> None:
    loaded = demonstrations.load(folder / "dataset", documents.small())
    ends = np.cumsum(loaded.pairs_of_each)[:-1]
    fields = loaded.observations, loaded.next_observations, loaded.actions, loaded.terminated
    episodes = [
        Episode(np.concatenate([before, after[-1:]]), actions, np.zeros(len(actions)), ended[-1])
        for before, after, actions, ended in zip(
            *(np.split(each, ends) for each in fields), strict=True
        )
    ]
    minari_writer.write(episodes, documents.small(), folder / "written")
    again = demonstrations.load(folder / "written", documents.small())
    for name in "observations", "next_observations", "actions", "terminated", "lengths":
        _equal(getattr(again, name), getattr(loaded, name))


def _results(folder: pathlib.Path) -> None:
    result = strict_json.read(folder / "run" / "result.json", result_tables.FORM)
    assert strict_json.loads(strict_json.dumps(result)) == result
    assert result_tables.overview([result]) and result_tables.row(result)
    assert result_tables.title(result).encode()
    expert = strict_json.read(folder / "CartPole" / "expert.json", expert_description.FORM)
    assert expert_description.row("CartPole", expert)
    np.reshape(expert["curve"], [-1, 3]).astype(float)


def _run(folder: pathlib.Path) -> None:
    with contextlib.suppress(UserError):
        assert run_folder.steps_taken(folder) is not None
    run_folder.check(folder, configs.make("CartPole"), "a")


def _policy(folder: pathlib.Path) -> None:
    with contextlib.closing(make_environment("CartPole")) as env:
        policy_origin.check(folder, env, accept_mismatch=True)
    known = origin.Origin.from_json(policy_files.read_origin(folder))
    again = origin.Origin.from_json(strict_json.loads(strict_json.dumps(known.to_json())))
    assert again._replace(measured=None) == known._replace(measured=None)
    for one, other in zip(_numbers(again.measured), _numbers(known.measured), strict=True):
        _equal(one, other)
    space, components = policy_files.read_observations(folder)
    assert space is not None and all(isinstance(each, str) for each in components)
    assert space_json.from_json(space_json.to_json(space)) == space


def _saved_model(folder: pathlib.Path) -> None:
    from mgail_tf import loaded_policy  # It imports TensorFlow, which no other reader needs.

    policy = loaded_policy.load(folder)
    with contextlib.closing(make_environment("CartPole")) as env:
        loaded_policy.check_fits(policy, env)


def _numbers(measured: Measurements | None) -> list[np.ndarray]:
    return [np.asarray(each, np.float64) for each in measured or () if each is not None]


READERS = {
    "npz": Reader(recorded_files.npz_file(), _recording),
    "hdf5": Reader(recorded_files.hdf5_file(), _recording),
    "csv": Reader(recorded_files.csv_file(), _recording),
    "folder": Reader(recorded_files.folder(), _recording),
    "imitation": Reader(recorded_files.imitation_folder(), _recording),
    "dataset": Reader(documents.dataset(), _dataset),
    "results": Reader(documents.result(), _results),
    "run": Reader(documents.run(), _run),
    "policy": Reader(documents.policy(), _policy),
    "saved_model": Reader(documents.saved_model(), _saved_model),
}
