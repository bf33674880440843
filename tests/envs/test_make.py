import os
import pathlib

import gymnasium
from gymnasium import spaces
import numpy as np
from programs import ROOT, python
import pytest

from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def test_cartpole_is_capped_at_200_steps():
    spec = make_environment("CartPole").spec
    assert spec is not None and spec.max_episode_steps == 200


@pytest.mark.parametrize("name", ["NoSuchTask", "NoSuchTask-v0", "nosuchmodule:Task-v0"])
def test_unknown_environment(name):
    with pytest.raises(UserError, match="cannot make environment"):
        make_environment(name)


class Odd(gymnasium.Env):
    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions


VECTOR, PUSH = spaces.Box(0, 1, (3,)), spaces.Discrete(2)


@pytest.mark.parametrize(
    ("observations", "actions", "message"),
    [
        (VECTOR, spaces.Dict(a=PUSH), "actions must be .*TransformAction"),
        (VECTOR, spaces.Tuple([PUSH, PUSH]), "actions must be .*TransformAction"),
        (spaces.Dict(), PUSH, "observations are empty"),
        (spaces.Box(0, 1, (0,)), PUSH, "no numbers in an observation"),
        (VECTOR, spaces.Box(-1, 1, (0,)), "no numbers in an action"),
        (spaces.Dict(a=VECTOR, b=spaces.Text(5)), PUSH, r"\['b'\] is Text"),
        (spaces.Sequence(VECTOR), PUSH, "they are Sequence"),
        (spaces.Graph(VECTOR, None), PUSH, "they are Graph"),
        (spaces.OneOf([VECTOR, PUSH]), PUSH, "they are OneOf"),
        (spaces.Box(0, 255, (8, 8, 3), np.uint8), PUSH, r"images, and they are .*\(8, 8, 3\)"),
        (spaces.Box(0, 255, (84, 84), np.uint8), PUSH, "must not be images"),
        (spaces.Box(0, 1, (3, 64, 64)), PUSH, "must not be images"),
        (
            spaces.Dict(arm=spaces.Tuple([spaces.Box(0, 255, (9, 9, 1), np.uint8)]), joints=VECTOR),
            PUSH,
            r"images, and \['arm'\]\[0\] is of shape",
        ),
    ],
)
def test_unsupported_spaces(observations, actions, message, monkeypatch):
    monkeypatch.delitem(gymnasium.registry, "Odd-v0", raising=False)
    gymnasium.register("Odd-v0", lambda **_: Odd(observations, actions))
    with pytest.raises(UserError, match=f"Odd-v0: .*{message}"):
        make_environment("Odd-v0")


def test_mujoco_is_left_alone_where_nothing_needs_it(tmp_path: pathlib.Path):
    program = """
import sys
from mgail_tf.envs import rendering
from mgail_tf.envs.make import make_environment
make_environment("CartPole")
print("mujoco" in sys.modules)
"""
    done = python("-c", program, folder=tmp_path, PYTHONPATH=str(ROOT))
    assert done.stdout == "False\n", done.stderr


# A whole task, an id without its version, and one that is registered when its module is imported.
@pytest.mark.parametrize("name", ["HalfCheetah", "Swimmer", "own:Cheetah-v0"])
def test_mujocos_messages_become_warnings(name, tmp_path: pathlib.Path):
    (tmp_path / "own.py").write_text(
        'import gymnasium\ngymnasium.register("Cheetah-v0", '
        '"gymnasium.envs.mujoco.half_cheetah_v5:HalfCheetahEnv", max_episode_steps=1000)\n'
    )
    program = f"""
import warnings
from mgail_tf.envs.make import make_environment
with warnings.catch_warnings(record=True, action="always") as messages:
    for _ in range(2):
        env = make_environment({name!r})
        env.reset(seed=0)
    env.unwrapped.data.qpos[:] = 1e30
    env.step(env.action_space.sample())
print(*[str(warning.message) for warning in messages], sep="\\n")
"""
    done = python("-c", program, folder=tmp_path, PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")
    # Gymnasium warns, too, of an id without its version.
    messages = [line for line in done.stdout.splitlines() if "WARN" not in line]
    assert len(messages) == 1 and messages[0].startswith("Nan, Inf or huge value"), done
    # Nothing is printed, and there is no MUJOCO_LOG.TXT.
    assert not done.stderr
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".TXT"] == []


def test_other_names_are_told_only_where_the_name_is_wrong():
    def fails(**kwargs):
        raise OSError("no licence")

    gymnasium.register("Unlicensed-v0", fails)
    with pytest.raises(UserError, match="OSError: no licence") as error:
        make_environment("Unlicensed-v0")
    assert "use one of" not in str(error.value)
    with pytest.raises(UserError, match="use one of CartPole"):
        make_environment("Licensed-v0")
