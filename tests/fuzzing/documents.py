"""Files of JSON that are nearly those that are written here: strategies of `hypothesis`."""

import functools
import json
import pathlib
import tempfile
from typing import Any

import gymnasium
from gymnasium import spaces
from hypothesis import strategies as st
import numpy as np
import recorded_files
from recorded_files import Files
import sample_data

from mgail_tf import config as configs
from mgail_tf import policy_files
from mgail_tf.commands import expert_description, result_tables
from mgail_tf.data import minari_writer
from mgail_tf.envs.episodes import Episode
from mgail_tf.training import run_folder

EXPERT = sample_data.EXPERT_DATA / "CartPole" / "expert"

WORDS = st.one_of(
    st.sampled_from(["", "env", "inf", "os:system", "<f8", "Box", "Dict", "\ud800", "CartPole-v1"]),
    st.text(max_size=5),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([0, 1, -1, 10**30, 2**63, 2**64 - 1]),
        st.floats(),
        WORDS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def changed(draw: Any, value: Any) -> Any:
    """A value of JSON in which one place, or none, is another."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        kind = draw(st.sampled_from(("inside", "inside", "inside", "without", "more")))
        if kind == "inside":
            return value | {name: draw(changed(value[name]))}
        if kind == "without":
            return {other: each for other, each in value.items() if other != name}
        return value | {draw(WORDS): draw(VALUES)}
    if isinstance(value, list) and value and draw(st.integers(0, 2)):
        place = draw(st.integers(0, len(value) - 1))
        kind = draw(st.sampled_from(("inside", "inside", "without", "more")))
        inside = [draw(changed(value[place]))] if kind == "inside" else []
        more = [draw(VALUES)] if kind == "more" else []
        return value[:place] + inside + more + value[place + 1 :]
    return draw(VALUES)


@st.composite
def document(draw: Any, value: Any) -> bytes:
    """The contents of a file that has a value with few changes; sometimes it is damaged."""
    for _ in range(draw(st.integers(0, 2))):
        value = draw(changed(value))
    return draw(recorded_files.damaged(json.dumps(value).encode()))


RESULT: dict[str, Any] = dict.fromkeys(result_tables.FORM) | {
    "env": "Hopper",
    "num_trajectories": 4,
    "seed": 3,
    "env_steps": 75_000,
    "wall_seconds": 312.5,
    "normalized_return": 0.99,
    "normalized_return_standard_error": 0.01,
    "return_mean": 3500.0,
    "return_std": 12.5,
}
LEVEL = dict.fromkeys(expert_description.LEVEL, 1.5)
EXPERT_JSON: dict[str, Any] = {
    "algorithm": "TRPO",
    "seed": 3,
    "steps": 10,
    "trained_steps": 20,
    "wall_seconds": 60,
    "random_return_mean": -5.5,
    "size": 1000,
    "deterministic": LEVEL,
    "stochastic": LEVEL,
    "curve": [[10, 1.0, 0.5], [20, 2.0, 0.5]],
}
LINE = {"env_steps": 80, "normalized_return": 0.5, "imitation_distance": None}
CONFIG = {
    "run_folder_version": run_folder.VERSION,
    **configs.make("CartPole").flat(),
    run_folder.FINGERPRINT: "a",
}


@st.composite
def result(draw: Any) -> Files:
    """A `result.json` and an `expert.json`."""
    return {
        "run/result.json": draw(document(RESULT)),
        "CartPole/expert.json": draw(document(EXPERT_JSON)),
    }


@st.composite
def run(draw: Any) -> Files:
    """A run folder's `config.json` and `metrics.jsonl`."""
    lines = [draw(document(LINE)) for _ in range(draw(st.integers(0, 3)))]
    ending = draw(st.sampled_from([b"\n", b"\n", b""]))
    return {
        # What is not changed would be rare otherwise, and nothing else goes on.
        "config.json": draw(st.one_of(st.just(json.dumps(CONFIG).encode()), document(CONFIG))),
        "metrics.jsonl": draw(recorded_files.damaged(b"\n".join(lines) + ending)),
    }


SPACE = spaces.Dict(
    place=spaces.Box(-1.0, np.inf, (2,)),
    gear=spaces.Discrete(3, start=-1),
    levers=spaces.Tuple([spaces.MultiDiscrete([2, 3]), spaces.MultiBinary(2)]),
)


@functools.cache
def _written(file: str) -> Any:
    if file == policy_files.ORIGIN:
        return json.loads((EXPERT / file).read_text())
    with tempfile.TemporaryDirectory() as folder:
        policy_files.write_observations(folder, SPACE)
        return json.loads(pathlib.Path(folder, file).read_text())


@st.composite
def policy(draw: Any) -> Files:
    """A policy's `policy.json` and `observation.json`."""
    described = {
        name: draw(document(_written(name)))
        for name in (policy_files.ORIGIN, policy_files.OBSERVATIONS)
    }
    return {"saved_model.pb": b"", **described}


@functools.cache
def _expert() -> dict[str, bytes]:
    files = (path for path in EXPERT.rglob("*") if path.is_file())
    return {str(path.relative_to(EXPERT)): path.read_bytes() for path in files}


@st.composite
def saved_model(draw: Any) -> Files:
    """A SavedModel's folder, in which one file is damaged."""
    files = _expert()
    name = draw(st.sampled_from(sorted(set(files) - {policy_files.ORIGIN})))
    return files | {name: draw(recorded_files.damaged(files[name]))}


@functools.cache
def _dataset() -> dict[str, bytes]:
    """The files of a dataset of two episodes for `readers.SMALL`."""
    rng = np.random.default_rng(0)
    episodes = [
        Episode(rng.normal(size=(n + 1, 2)), rng.normal(size=(n, 1)), rng.normal(size=n), n == 3)
        for n in (2, 3)
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder, "dataset")
        minari_writer.write(episodes, small(), root)
        return {f"dataset/{p.relative_to(root)}": p.read_bytes() for p in root.rglob("*.*")}


def small() -> str:
    """The id of an environment that the datasets are of."""
    return environment((2,), (1,))


@st.composite
def dataset(draw: Any) -> Files:
    """A Minari dataset's folder."""
    files = _dataset()
    metadata, main = "dataset/data/metadata.json", "dataset/data/main_data.hdf5"
    kind = draw(st.sampled_from(("metadata", "arrays", "bytes")))
    if kind == "metadata":
        return files | {metadata: draw(document(_metadata()))}
    if kind == "bytes":
        return files | {main: draw(recorded_files.damaged(files[main]))}
    length = draw(st.integers(1, 4))
    values = {}
    for episode in "episode_0", "episode_1":
        shapes = {
            "observations": (length + 1, 2),
            "actions": (length, 1),
            "rewards": (length,),
            "terminations": (length,),
            "truncations": (length,),
        }
        name = draw(st.sampled_from(sorted(shapes)))
        shapes[name] = draw(
            st.sampled_from([shapes[name], (length,), (length, 2), (length, 1, 1), ()])
        )
        values |= {f"{episode}/{n}": draw(recorded_files.array(s)) for n, s in shapes.items()}
    return files | {main: recorded_files.hdf5(values)}


def _metadata() -> Any:
    described = json.loads(_dataset()["dataset/data/metadata.json"])
    return described


class Numbers(gymnasium.Env):
    """An environment of any numbers, in which nothing happens."""

    def __init__(self, observations: tuple[int, ...], actions: tuple[int, ...], **_: Any):
        self.observation_space = spaces.Box(-np.inf, np.inf, observations, np.float64)
        self.action_space = spaces.Box(-np.inf, np.inf, actions, np.float64)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return np.zeros(self.observation_space.shape or ()), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return np.zeros(self.observation_space.shape or ()), 0.0, True, False, {}


def environment(observations: tuple[int, ...], actions: tuple[int, ...]) -> str:
    """The id of an environment whose observations and actions are numbers of these shapes."""
    sizes = ["x".join(map(str, shape)) for shape in (observations, actions)]
    name = f"Numbers{'-'.join(sizes)}-v0"
    if name not in gymnasium.registry:
        kind: Any = Numbers  # Gymnasium's annotation does not say classes.
        gymnasium.register(name, kind, kwargs={"observations": observations, "actions": actions})
    return name
