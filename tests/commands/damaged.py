"""Files that no program should accept, by the names that the table of bad inputs calls them."""

import json
import pathlib
import shutil

import h5py
import numpy as np
import sample_data

from mgail_tf import config as configs
from mgail_tf.training import run_folder

EXPERT = sample_data.EXPERT_DATA / "CartPole" / "expert"
NOT_TEXT = b"\xff\xfe\xfd"
# What may be in a file of JSON, by name.
NO_JSON = {
    "empty": b"",
    "binary": NOT_TEXT,
    "cut": b'{"env": "CartPole", "seed": ',
    "nan": b'{"env": "CartPole", "seed": NaN}',
    "infinite": b'{"env": "CartPole", "seed": 1e999}',
    "deep": b"[" * 100_000,
    "half": b'{"env": "\\ud800"}',
}
# The same, of another form.
NO_OBJECT = NO_JSON | {"list": b"[]", "number": b"3"}

MODULE = """
import sys

import gymnasium
from gymnasium import spaces


def act(observation):
    return [-observation[2] / 4]


def none(observation):
    return None


def wide(observation):
    return [0.0, 0.0]


def words(observation):
    return "left"


def unknown(observation):
    return [float("nan")]


def fails(observation):
    raise RuntimeError("no idea")


def leaves(observation):
    raise SystemExit(0)


number = 3


class Needs:
    def __init__(self, something):
        pass


class Base(gymnasium.Env):
    observation_space, action_space = spaces.Box(-1, 1, (3,)), spaces.Discrete(2)

    def reset(self, **_):
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


def register(name, **spaces):
    gymnasium.register(f"{name}-v0", type(name, (Base,), spaces), max_episode_steps=5)


register("Image", observation_space=spaces.Box(0, 255, (64, 64, 3), "uint8"))
register("Text", observation_space=spaces.Text(5))
register("Graph", observation_space=spaces.Graph(spaces.Box(0, 1, (2,)), None))
register("Nothing", observation_space=spaces.Dict())
register("Tuple", action_space=spaces.Tuple([spaces.Discrete(2)]))


class Fails(Base):
    def __init__(self, **_):
        raise OSError("the robot is off")


gymnasium.register("Fails-v0", Fails)
"""


def write(folder: pathlib.Path) -> None:
    """Writes all of them."""
    (folder / "mine.py").write_text(MODULE)
    (folder / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    (folder / "broken.py").write_text("import no_such_module_at_all\n")
    (folder / "syntax.py").write_text("def (\n")
    (folder / "file").write_text("")
    (folder / "folder.mp4").mkdir()
    _recordings(folder / "recordings")
    _datasets(folder / "datasets")
    _runs(folder / "runs")
    _policies(folder / "policies")
    for name, content in (NO_OBJECT | {"missing": b'{"env": "CartPole"}'}).items():
        for file in f"results/{name}/run/result.json", f"experts/{name}/CartPole/expert.json":
            _write(folder / file, content)
    (folder / "results" / "folder" / "run" / "result.json").mkdir(parents=True)
    _studies(folder / "studies")


def _write(file: pathlib.Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _recordings(folder: pathlib.Path) -> None:
    folder.mkdir()
    steps = 12
    good = {
        "observations": np.zeros([steps, 4]) + 0.01 * np.arange(steps)[:, None],
        "actions": np.arange(steps) % 2,
        "timeouts": np.arange(steps) == steps - 1,
    }

    def npz(name: str, **changes) -> None:
        arrays = {n: a for n, a in (good | changes).items() if a is not None}
        np.savez(folder / f"{name}.npz", allow_pickle=True, **arrays)

    npz("good")
    whole = (folder / "good.npz").read_bytes()
    _write(folder / "truncated.npz", whole[:-100])
    _write(folder / "flipped.npz", whole.replace(b"descr", b"dexcr"))
    _write(folder / "empty.npz", b"")
    npz("pickled", actions=np.array([{}] * steps, object))
    npz("no_actions", actions=None)
    npz("no_observations", observations=None)
    npz("unequal", actions=np.zeros(steps - 1, int))
    npz("words", actions=np.array(["left"] * steps))
    npz("complex", actions=np.zeros(steps, complex))
    npz("other_choices", actions=np.full(steps, 7))
    npz("halves", actions=np.full(steps, 0.5))
    npz("wide", observations=np.zeros([steps, 9]))
    npz("scalar", observations=np.array(3.0), actions=np.array(3.0))
    npz("no_rows", observations=np.zeros([0, 4]), actions=np.zeros(0))
    npz("nan", observations=np.full([steps, 4], np.nan))
    npz("flags", timeouts=np.full(steps, 5.0))
    npz("twice", acts=np.zeros(steps, int))
    npz("lengths", timeouts=None, episode_lengths=np.array([5, 100]))
    npz("infinite_lengths", timeouts=None, episode_lengths=np.array([np.inf, np.nan]))
    long = {name: np.repeat(array, 60, 0) for name, array in good.items()}
    np.savez(folder / "long.npz", observations=long["observations"], actions=long["actions"])
    csv = {
        "empty": b"",
        "header": b"observation_0,action\n",
        "binary": b"observation_0,action\n" + NOT_TEXT,
        "words": b"observation_0,action\n1,left\n",
        "gaps": b"observation_0,observation_2,action\n1,1,1\n",
        "same": b"observation_0,action,action\n1,1,1\n",
        "ragged": b"observation_0,action\n1,0\n1,0,1\n",
        "blank": b"observation_0,action\n1,0\n\n1,0\n",
        "commas": b"observation_0;action\n0,5;1\n",
        "zeros": bytes(1000),
    }
    for name, content in csv.items():
        _write(folder / f"{name}.csv", content)
    with h5py.File(folder / "good.hdf5", "w") as file:
        file.update(good)
    _write(folder / "truncated.hdf5", (folder / "good.hdf5").read_bytes()[:-600])
    _write(folder / "text.hdf5", b"this is none")
    with h5py.File(folder / "several.hdf5", "w") as file:
        file.update({f"{part}/{name}": a for part in ("one", "other") for name, a in good.items()})
    with h5py.File(folder / "huge.hdf5", "w") as file:
        file.create_dataset("observations", (10**11, 4), np.float64, chunks=True)
        file.create_dataset("actions", (10**11,), np.int64, chunks=True)
    for ending in "pkl", "npy", "zip", "json", "parquet", "pt", "xyz":
        _write(folder / f"a.{ending}", b"whatever")
    mixed = folder / "mixed"
    _write(mixed / "a.npz", whole)
    _write(mixed / "b.csv", csv["header"])
    _write(folder / "nothing" / "notes.txt", b"")
    _write(folder / "one_bad" / "a.npz", whole)
    _write(folder / "one_bad" / "b.npz", whole[:50])
    for name, content in NO_OBJECT.items():
        _write(folder / f"imitation_{name}" / "state.json", content)
        _write(folder / f"imitation_{name}" / "dataset_info.json", b"{}")


def _datasets(folder: pathlib.Path) -> None:
    folder.mkdir()
    made = sample_data.write_numbered(folder)

    def copy(name: str) -> pathlib.Path:
        return pathlib.Path(shutil.copytree(made, folder / name)) / "data"

    def change(name: str, array: str, function) -> None:
        with h5py.File(copy(name) / "main_data.hdf5", "r+") as file:
            group = file["episode_1"]
            assert isinstance(group, h5py.Group)
            changed = function(np.asarray(group[array]))
            del group[array]
            group[array] = changed

    change("wide", "actions", lambda a: np.stack([a, a, a], 1))
    change("choices", "actions", lambda a: a + 7)
    change("short", "actions", lambda a: a[:-1])
    change("observations", "observations", lambda a: a[:, :3])
    change("infinite", "observations", lambda a: a * np.inf)
    change("words", "actions", lambda a: a.astype("S"))
    file = copy("truncated") / "main_data.hdf5"
    file.write_bytes(file.read_bytes()[:-3000])
    _write(copy("garbage") / "main_data.hdf5", b"this is none")
    (copy("no_file") / "main_data.hdf5").unlink()
    for name, content in NO_OBJECT.items():
        _write(copy(f"metadata_{name}") / "metadata.json", content)
    sample_data.write(
        folder / "elsewhere",
        [sample_data.episode(np.zeros([3, 3], np.float32), np.zeros([2, 1], np.float32))],
        sample_data.gymnasium.spaces.Box(-9, 9, (3,)),
        sample_data.gymnasium.spaces.Box(-9, 9, (1,)),
    )


def _runs(folder: pathlib.Path) -> None:
    folder.mkdir()
    settings = {"run_folder_version": run_folder.VERSION, **configs.make("CartPole").flat()}
    settings[run_folder.FINGERPRINT] = "a"

    def run(name: str, metrics: bytes = b"", **changes) -> pathlib.Path:
        _write(folder / name / "config.json", json.dumps(settings | changes).encode())
        if metrics:
            _write(folder / name / "metrics.jsonl", metrics)
        return folder / name

    for name, content in NO_OBJECT.items():
        _write(run(f"config_{name}") / "config.json", content)
    (folder / "config_folder" / "config.json").mkdir(parents=True)
    run("other_settings", discount=0.5)
    run("other_version", run_folder_version=1)
    run("no_steps", total_steps="many")
    line = b'{"env_steps": 2000, "normalized_return": null}\n'
    run("more_steps", line)
    for name, content in (NO_OBJECT | {"missing": b'{"env_steps": 3}'}).items():
        run(f"metrics_{name}", line + content + b"\n" + line)
    run("metrics_folder").joinpath("metrics.jsonl").mkdir()


def _studies(folder: pathlib.Path) -> None:
    """The study `cloning`, with a run or a result that is damaged."""
    name = pathlib.Path("cloning", "Hopper-4-0")
    [committed] = sample_data.EXPERT_DATA.parent.glob(f"experiments/results/{name}.json")
    kept = json.loads(committed.read_text())
    command = {"command": kept["provenance"]["command"].replace("Hopper", "Ant"), "starts": []}
    other = json.dumps(kept | {"provenance": command}).encode()
    curve = json.dumps(kept | {"curve": {"env_steps": [0], "normalized_return": []}}).encode()
    for kind, content in (NO_OBJECT | {"other": other, "curve": curve}).items():
        _write(folder / f"results_{kind}" / name.with_suffix(".json"), content)
    for kind, content in NO_OBJECT.items():
        for file in "provenance.json", "result.json", "metrics.jsonl":
            run = folder / f"runs_{file}_{kind}" / name
            _write(run / "result.json", json.dumps(kept["result"]).encode())
            _write(run / "provenance.json", json.dumps(kept["provenance"]).encode())
            _write(run / file, content)
    _write(folder / "runs_unknown" / name / "result.json", b"{}")


def _policies(folder: pathlib.Path) -> None:
    def copy(name: str) -> pathlib.Path:
        return pathlib.Path(shutil.copytree(EXPERT, folder / name))

    for name, content in NO_OBJECT.items():
        _write(copy(f"origin_{name}") / "policy.json", content)
        _write(copy(f"observations_{name}") / "observation.json", content)
    origin = json.loads((EXPERT / "policy.json").read_text())
    bad = {
        "space": {"observation_space": {"Box": {"shape": [4]}}},
        "kind": {"observation_space": {"Sphere": {}}},
        "measured": {"measured": {"episodes": 1}},
        "id": {"env_id": 3},
        "wrappers": {"wrappers": 3},
    }
    for name, changes in bad.items():
        _write(copy(f"origin_{name}") / "policy.json", json.dumps(origin | changes).encode())
    _write(copy("garbage") / "saved_model.pb", b"this is none")
    _write(copy("empty") / "saved_model.pb", b"")
    shutil.rmtree(copy("no_weights") / "variables")
    weights = copy("few_weights") / "variables" / "variables.data-00000-of-00001"
    weights.write_bytes(weights.read_bytes()[:100])
    index = copy("no_index") / "variables" / "variables.index"
    index.write_bytes(b"this is none")
