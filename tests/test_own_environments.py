"""Environments that are not of the paper, from the demonstrations to the exported policy."""

import json
import os

import gymnasium
import numpy as np
from programs import ROOT, run
import pytest
import tensorflow as tf
import thirdparty

from mgail_tf import config as configs
from mgail_tf import demonstrations
from mgail_tf.environments import ParallelEnvironments
from mgail_tf.episodes import play
from mgail_tf.trainer import Trainer


def demonstrate(name, folder):
    def act(observations):
        return [thirdparty.expert(name, observation) for observation in observations]

    env_name = f"thirdparty:{name}-v0"
    demonstrations.write(play(act, env_name, 4, seed=0), env_name, folder)
    return env_name


@pytest.mark.parametrize("name", thirdparty.SPACES)
def test_learns_in_any_action_space(name, tmp_path):
    env_name = demonstrate(name, tmp_path / "dataset")
    config = configs.make(env_name, total_steps=2400, evaluate_every=1200, final_episodes=10)
    trainer = Trainer(config, demonstrations.load(tmp_path / "dataset", env_name), tmp_path / "run")
    result = trainer.train(progress=False)
    assert result["normalized_return"] > 0.95
    env = gymnasium.make(env_name)
    policy = tf.saved_model.load(str(tmp_path / "run" / "saved_model"))
    for observation in np.random.default_rng(0).normal(scale=50.0, size=(50, 1, 2)):
        for action in (
            policy.deterministic(observation.astype(np.float32))[0].numpy(),
            policy.stochastic(observation.astype(np.float32), [0, 1])[0].numpy(),
        ):
            assert env.action_space.contains(action)


def test_the_tasks_end_and_being_cut_off_differ():
    envs = ParallelEnvironments("thirdparty:Asymmetric-v0", 2, seed=0)
    ends = {"terminated": 0, "given up": 0, "time limit": 0}
    age = np.zeros(2, int)
    for step in range(400):
        towards = -1.0 if step < 100 else 1.0 if step < 200 else 0.0
        _, terminated, ended = envs.step(np.full([2, 1], towards, np.float32))
        age += 1
        ends["terminated"] += terminated.sum()
        ends["given up"] += (ended & ~terminated & (age < 60)).sum()
        ends["time limit"] += (ended & ~terminated & (age == 60)).sum()
        age[ended] = 0
    assert min(ends.values()) >= 2
    played = play(lambda o: np.full([len(o), 1], -1.0, np.float32), "thirdparty:Double-v0", 3, 0)
    assert all(episode.terminated and len(episode.rewards) < 60 for episode in played)


def test_a_third_partys_environment_from_the_command_line(tmp_path):
    env_name = demonstrate("Discrete", tmp_path / "dataset")
    arguments = ["--expert_data=dataset", "--total_steps=400", "--final_episodes=2"]
    path = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    done = run("main.py", f"--env={env_name}", *arguments, folder=tmp_path, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    [folder] = (tmp_path / "runs").iterdir()
    assert json.loads((folder / "result.json").read_text())["env"] == env_name
    assert os.listdir(folder / "saved_model")
