"""Recorded episodes, and files of them in each format."""

import math
import pathlib

import h5py
import numpy as np
import pandas

from mgail_tf.envs.episodes import Episode

LENGTHS, TERMINATED = (5, 1, 7), (True, False, False)


def random_episodes() -> list[Episode]:
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


def _is_last(episode: Episode) -> np.ndarray:
    return np.arange(len(episode.actions)) == len(episode.actions) - 1


def d4rl(episodes: list[Episode]) -> dict[str, np.ndarray]:
    """All arrays of a recording with D4RL's keys."""
    return {
        "observations": np.concatenate([e.observations[:-1] for e in episodes]),
        "next_observations": np.concatenate([e.observations[1:] for e in episodes]),
        "actions": np.concatenate([e.actions for e in episodes]),
        "rewards": np.concatenate([e.rewards for e in episodes]),
        "terminals": np.concatenate([e.terminated & _is_last(e) for e in episodes]),
        "timeouts": np.concatenate([(not e.terminated) & _is_last(e) for e in episodes]),
    }


def write_npz(arrays: dict[str, np.ndarray], folder: pathlib.Path) -> pathlib.Path:
    np.savez(folder / "recording.npz", allow_pickle=True, **arrays)
    return folder / "recording.npz"


def write_file(values: dict[str, np.ndarray], file: pathlib.Path) -> pathlib.Path:
    """Writes arrays of steps in the kind of file that its ending tells."""
    file.parent.mkdir(exist_ok=True)
    if file.suffix == ".npz":
        np.savez(file, allow_pickle=True, **values)
    elif file.suffix == ".hdf5":
        with h5py.File(file, "w") as opened:
            opened.update(values)
    else:
        columns = {}
        for name, array in values.items():
            parts = {f"{name}_{i}": column for i, column in enumerate(array.T)}
            columns |= parts if array.ndim == 2 else {name: array}
        pandas.DataFrame(columns).to_csv(file, index=False)
    return file


def write_d4rl(episodes: list[Episode], folder: pathlib.Path) -> pathlib.Path:
    return write_npz(d4rl(episodes), folder)


def write_csv(
    episodes: list[Episode], folder: pathlib.Path, last_observations: bool = True
) -> pathlib.Path:
    """Writes a row a step, and if asked for a row without an action where an episode ended."""
    lines = ["episode,observation_0,observation_1,observation_2,action_0,reward,terminated"]
    for index, episode in enumerate(episodes):
        length = len(episode.actions)
        for step, observation in enumerate(episode.observations[: length + last_observations]):
            action = reward = ""
            if step < length:
                action, reward = float(episode.actions[step, 0]), float(episode.rewards[step])
            terminated = int(episode.terminated and step == length - 1)
            values = [index, *map(float, observation), action, reward, terminated]
            lines.append(",".join(map(str, values)))
    (folder / "recording.csv").write_text("\n".join(lines) + "\n")
    return folder / "recording.csv"


def write_imitation_npz(episodes: list[Episode], folder: pathlib.Path) -> pathlib.Path:
    arrays = {
        "obs": np.concatenate([e.observations for e in episodes]),
        "acts": np.concatenate([e.actions for e in episodes]),
        "rews": np.concatenate([e.rewards for e in episodes]),
        "terminal": np.array([e.terminated for e in episodes]),
        "infos": np.array([{"pickled": True}] * sum(LENGTHS), dtype=object),
        "indices": np.cumsum(LENGTHS[:-1]),
    }
    return write_npz(arrays, folder)


def write_imitation_folder(episodes: list[Episode], folder: pathlib.Path) -> pathlib.Path:
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


def refer_to(
    other: pathlib.Path, way: str, file: h5py.File, name: str, shape: tuple[int, ...]
) -> None:
    """Makes an array of an HDF5 file whose values are in another file: `x` there, or its bytes."""
    if way == "external storage":
        size = 8 * math.prod(shape)
        file.create_dataset(name, shape, np.float64, external=[(str(other), 0, size)])
    elif way == "virtual":
        layout = h5py.VirtualLayout(shape, np.float64)
        layout[:] = h5py.VirtualSource(str(other), "x", shape)
        file.create_virtual_dataset(name, layout)
    else:
        file[name] = h5py.ExternalLink(str(other), "/x")
