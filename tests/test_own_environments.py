"""Environments that are not of the paper, from the demonstrations to the exported policy."""

import json
import os
import shutil
from typing import Any

import gymnasium
from gymnasium.wrappers import FlattenObservation
from minari.data_collector import EpisodeBuffer
import numpy as np
from programs import ROOT, run
import pytest
import sample_data
import tensorflow as tf
import thirdparty

from mgail_tf import config as configs
from mgail_tf.data import demonstrations, minari_writer
from mgail_tf.envs.episodes import Episode, play, play_randomly
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.errors import UserError
from mgail_tf.training.build import make_trainer


def demonstrate(name, folder):
    def act(observations):
        return [thirdparty.expert(name, observation) for observation in observations]

    env_name = f"thirdparty:{name}-v0"
    minari_writer.write(play(act, env_name, 4, seed=0), env_name, folder)
    return env_name


SHORT: dict[str, Any] = {
    "total_steps": 2400,
    "evaluate_every": 1200,
    "evaluation_episodes": 1,
    "final_episodes": 10,
    "film_every": 0,
}
# Quicker, but with them not every seed learns to choose among discrete actions in so few steps.
SMALL_NETWORKS: dict[str, Any] = {
    "policy_hidden": (32,),
    "discriminator_hidden": (32,),
    "value_hidden": (32,),
    "forward_model_width": 32,
    "policy_segments": 32,
    "batch_size": 64,
}


@pytest.mark.parametrize("name", thirdparty.SPACES)
def test_learns_in_any_action_space(name, tmp_path):
    env_name = demonstrate(name, tmp_path / "dataset")
    networks = SMALL_NETWORKS if name != "Discrete" else {}
    # Cloning alone would learn it.
    config = configs.make(env_name, **SHORT, **networks, cloned_start=False, cloning_weight=0.0)
    demonstrated = demonstrations.load(tmp_path / "dataset", env_name)
    result = make_trainer(config, demonstrated, tmp_path / "run").train(progress=False)
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
        _, terminated, ended, _ = envs.step(np.full([2, 1], towards, np.float32))
        age += 1
        ends["terminated"] += terminated.sum()
        ends["given up"] += (ended & ~terminated & (age < 60)).sum()
        ends["time limit"] += (ended & ~terminated & (age == 60)).sum()
        age[ended] = 0
    assert min(ends.values()) >= 2
    played = play(lambda o: np.full([len(o), 1], -1.0, np.float32), "thirdparty:Double-v0", 3, 0)
    assert all(episode.terminated and len(episode.rewards) < 60 for episode in played)


def test_an_environment_of_the_users_folder_from_the_command_line(tmp_path):
    env_name = demonstrate("Discrete", tmp_path / "dataset")
    shutil.copy(ROOT / "tests" / "thirdparty.py", tmp_path)
    arguments = ["--expert_data=dataset", "--total_steps=160", "--evaluate_every=80"]
    arguments += ["--evaluation_episodes=1", "--final_episodes=1"]
    done = run("main.py", f"--env={env_name}", *arguments, "--film_every=1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    # It cannot be rendered.
    assert done.stderr.count("TensorBoard will show no episodes") == 1
    [folder] = (tmp_path / "runs").iterdir()
    assert json.loads((folder / "result.json").read_text())["env"] == env_name
    assert os.listdir(folder / "saved_model")


def register(name: str, make: Any) -> None:
    """Registers an environment; gymnasium's annotation does not say that it takes functions."""
    gymnasium.register(name, make)


class Endless(gymnasium.Wrapper):
    """Without a time limit."""

    def step(self, action):
        return *self.env.step(action)[:2], False, False, {}


def test_an_environment_that_never_ends():
    register("Endless-v0", lambda: Endless(gymnasium.make("MountainCar-v0").unwrapped))
    with pytest.raises(UserError, match="max_episode_steps"):
        play_randomly("Endless-v0", 2, seed=0)


PARTS = gymnasium.spaces.Dict(
    place=gymnasium.spaces.Box(-np.inf, np.inf, (2,)),
    motion=gymnasium.spaces.Box(-np.inf, np.inf, (1, 2)),
)


class Sensors(gymnasium.ObservationWrapper):
    """Observations as parts with names."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = PARTS

    def observation(self, observation):
        return {"place": observation[::2], "motion": observation[None, 1::2]}


def test_a_dataset_of_named_observations_fits_the_flattened_environment(tmp_path):
    def sensors():
        return Sensors(gymnasium.make("CartPole-v1"))

    def push_right(env):
        """One episode's observations."""
        observations = [env.reset(seed=0)[0]]
        while True:
            observation, _, terminated, _, _ = env.step(1)
            observations.append(observation)
            if terminated:
                return observations

    observations = push_right(sensors())
    length = len(observations) - 1
    named = {name: np.stack([one[name] for one in observations]) for name in observations[0]}
    ends = np.arange(length) == length - 1
    buffer = EpisodeBuffer(
        observations=named,
        actions=[1] * length,
        rewards=[1.0] * length,
        terminations=ends.tolist(),
        truncations=[False] * length,
    )
    dataset = sample_data.write(tmp_path, [buffer], PARTS, gymnasium.spaces.Discrete(2))

    register("Flattened-v0", lambda: FlattenObservation(sensors()))
    loaded = demonstrations.load(dataset, "Flattened-v0")
    expected = push_right(FlattenObservation(sensors()))
    np.testing.assert_array_equal(loaded.observations, expected[:-1])
    np.testing.assert_array_equal(loaded.next_observations, expected[1:])
    # What else is done to them is not done to the dataset's.
    register("Scaled-v0", lambda: Tenfold(FlattenObservation(sensors())))
    for other in "Scaled-v0", "Acrobot":
        with pytest.raises(UserError, match="observations"):
            demonstrations.load(dataset, other)


class Tenfold(gymnasium.ObservationWrapper):
    def observation(self, observation):
        return 10 * observation


def test_demonstrations_of_an_environment_that_cannot_be_written_down(tmp_path):
    gymnasium.register(
        "Odd-v0", "thirdparty:Reach", kwargs={"action_space": thirdparty.SPACES["Double"]}
    )
    episode = Episode(np.zeros([3, 2]), np.zeros([2, 1]), np.zeros(2), True)
    minari_writer.write([episode], "Odd-v0", tmp_path / "dataset")
    assert len(demonstrations.load(tmp_path / "dataset", "Odd-v0").actions) == 2
