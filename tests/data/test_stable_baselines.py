"""Policies as stable-baselines3 saves them; run where the extra `experts` is installed."""

from typing import Any
import zipfile

import numpy as np
import pytest

from mgail_tf.data.demonstrators import load
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError

pytest.importorskip("sb3_contrib")


@pytest.fixture(scope="module")
def pendulum():
    return make_environment("Pendulum-v1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Barely trained policies, and their actions in one state."""
    from sb3_contrib import TRPO, RecurrentPPO
    from stable_baselines3 import DQN, PPO, SAC
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    folder = tmp_path_factory.mktemp("policies")

    def small():
        return {"policy_kwargs": {"net_arch": [8]}, "seed": 0}

    normalized = VecNormalize(DummyVecEnv([lambda: make_environment("Pendulum-v1")]))
    model = PPO("MlpPolicy", normalized, n_steps=64, batch_size=64, **small()).learn(64)
    model.save(folder / "ppo.zip")
    normalized.save(folder / "statistics.pkl")
    observation = observe()
    expected = {"ppo": model.predict(normalized.normalize_obs(observation), deterministic=True)[0]}
    for algorithm, env in (SAC, "Pendulum-v1"), (TRPO, "Pendulum-v1"), (DQN, "CartPole"):
        model = algorithm("MlpPolicy", make_environment(env), **small())
        name = algorithm.__name__.lower()
        model.save(folder / f"{name}.zip")
        if env == "Pendulum-v1":
            expected[name] = model.predict(observation, deterministic=True)[0]
    RecurrentPPO("MlpLstmPolicy", make_environment("Pendulum-v1"), seed=0).save(
        folder / "recurrent.zip"
    )
    return folder, expected


def observe():
    return make_environment("Pendulum-v1").reset(seed=5)[0]


@pytest.mark.parametrize("name", ["ppo", "sac", "trpo"])
def test_it_acts_as_the_model_that_was_saved(name, folder, pendulum, capsys):
    folder, expected = folder
    statistics = str(folder / "statistics.pkl") if name == "ppo" else None
    file = str(folder / f"{name}.zip")
    chosen: Any = {"vec_normalize": statistics}
    likely = load(file, pendulum, deterministic=True, **chosen).act(observe())
    np.testing.assert_allclose(likely, expected[name], rtol=1e-6)
    # One line on stderr before it is opened, with the name of each file.
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"opening {file}") and "pickles, which can run any program" in line
    assert not statistics or statistics in line
    drawn = [load(file, pendulum, seed=seed, **chosen).act(observe()) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2] and drawn[0] != likely


def test_discrete_actions(folder):
    action = load(str(folder[0] / "dqn.zip"), make_environment("CartPole")).act(np.zeros(4))
    assert action in (0, 1)


def test_memory_begins_anew_with_an_episode(folder, pendulum):
    demonstrator = load(str(folder[0] / "recurrent.zip"), pendulum, deterministic=True)
    actions = []
    for _ in range(2):
        demonstrator.begin()
        actions.append([demonstrator.act(observe()).item() for _ in range(2)])
    assert actions[0] == actions[1] and actions[0][0] != actions[0][1]


def test_what_does_not_fit_is_refused(folder, pendulum, tmp_path):
    folder, _ = folder
    with pytest.raises(UserError, match="its observations are .*, the environment's are"):
        load(str(folder / "dqn.zip"), pendulum)
    (tmp_path / "text.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("data", "{}")
    for name in "text", "other", "missing":
        with pytest.raises(UserError, match="no policy that stable-baselines3 saved"):
            load(str(tmp_path / f"{name}.zip"), pendulum)
    file = str(folder / "ppo.zip")
    with pytest.raises(UserError, match="there is no such file"):
        load(file, pendulum, vec_normalize=str(tmp_path / "missing.pkl"))
    with pytest.raises(UserError, match="vec_normalize=.*cannot be read"):
        load(file, pendulum, vec_normalize=file)


def test_only_what_makes_the_policy_is_unpickled(folder, pendulum, tmp_path):
    """A file that would run something, if another of its settings were unpickled."""
    import base64
    import json

    import cloudpickle

    class Trap:
        def __reduce__(self):
            return (pathlib_touch, (str(tmp_path / "run"),))

    trap = base64.b64encode(cloudpickle.dumps(Trap())).decode()
    source, trapped = zipfile.ZipFile(folder[0] / "sac.zip"), tmp_path / "trapped.zip"
    with zipfile.ZipFile(trapped, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "data":
                settings = json.loads(content)
                settings["lr_schedule"] = {":type:": "", ":serialized:": trap}
                content = json.dumps(settings)
            archive.writestr(name, content)
    load(str(trapped), pendulum).act(observe())
    assert not (tmp_path / "run").exists()


def pathlib_touch(path):
    open(path, "w").close()
