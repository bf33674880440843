import json

import numpy as np
import pytest

from mgail_tf import deployed_policy
from mgail_tf.data import demonstrations
from mgail_tf.envs.episodes import play, returns
from mgail_tf.envs.make import make_environment
from mgail_tf.tasks import TASKS

LEVELS = {
    "CartPole": 200,
    "MountainCar": -100,
    "Acrobot": -85,
    "Hopper": 3_600,
    "Walker2d": 5_000,
    "HalfCheetah": 4_800,
    "Ant": 4_500,
    "Humanoid": 6_000,
}


def allowing_a_tenth(return_mean):
    return return_mean - 0.1 * abs(return_mean)


@pytest.fixture(params=TASKS)
def task(request):
    return request.param


@pytest.fixture
def described(task, expert_data):
    return json.loads((expert_data / task / "expert.json").read_text())


def test_tabled_level(task, described):
    deterministic, stochastic = described["deterministic"], described["stochastic"]
    assert deterministic["return_mean"] >= LEVELS[task]
    assert stochastic["return_mean"] >= allowing_a_tenth(deterministic["return_mean"])
    if task not in ("CartPole", "MountainCar", "Acrobot"):
        assert deterministic["terminated"] <= 2


def test_expert_acts_in_its_environment_as_tabled(task, described, expert_data):
    env = make_environment(task)
    policy = deployed_policy.load(expert_data / task / "expert")
    signature = policy.signatures["serving_default"].structured_input_signature[1]
    assert signature["observation"].shape == [None, *(env.observation_space.shape or ())]
    episodes = play(policy.deterministic, task, 5, seed=1_000)
    for episode in episodes:
        assert env.action_space.contains(episode.actions[0])
    return_mean = returns(episodes).mean()
    assert return_mean >= allowing_a_tenth(described["deterministic"]["return_mean"])


def test_stochastic_expert_draws_its_actions(task, expert_data):
    env = make_environment(task)
    policy = deployed_policy.load(expert_data / task / "expert")
    observations = np.array([env.reset(seed=seed)[0] for seed in range(500)], np.float32)
    one, other = (policy.stochastic(observations, [seed, 0]).numpy() for seed in range(2))
    assert all(env.action_space.contains(action) for action in one)
    assert (one != other).any()


@pytest.mark.parametrize("task", [task for task in TASKS if task != "Humanoid"])
def test_demonstrations_that_come_with_it_are_of_the_expert(task, described, expert_data):
    number = TASKS[task].num_trajectories
    loaded = demonstrations.load(expert_data / task / "demonstrations" / str(number), task)
    assert loaded.ended.sum() == number
    stochastic = described["stochastic"]
    assert loaded.return_mean >= stochastic["return_mean"] - 2 * stochastic["return_std"]
