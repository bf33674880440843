"""The experts that come with the package, and what is said about them."""

import json
import pathlib
from typing import Any

import gymnasium
import numpy as np
import pytest

from mgail_tf import loaded_policy
from mgail_tf.commands.expert_description import row
from mgail_tf.data import demonstrations
from mgail_tf.envs.episodes import play, returns
from mgail_tf.envs.make import make_environment
from mgail_tf.seeds import FINAL_SEED
from mgail_tf.tasks import TASKS


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def policy(task: str, expert_data: pathlib.Path) -> loaded_policy.LoadedPolicy:
    return loaded_policy.load(expert_data / task / "expert")


@pytest.fixture
def description(task: str, expert_data: pathlib.Path) -> dict[str, Any]:
    return json.loads((expert_data / task / "expert.json").read_text())


def test_readmes_table_is_what_the_descriptions_say(
    task: str, description: dict[str, Any], expert_data: pathlib.Path
):
    cells = row(task, description)
    line = "| " + " | ".join(map(str, cells)) + " |"
    assert line in (expert_data / "README.md").read_text().splitlines()


def test_description_is_of_the_files_that_are_there(
    task: str, description: dict[str, Any], expert_data: pathlib.Path
):
    files = [file for file in (expert_data / task / "expert").rglob("*") if file.is_file()]
    assert description["size"] == sum(file.stat().st_size for file in files)
    evaluated = [steps for steps, *_ in description["curve"]]
    assert description["steps"] in evaluated and description["trained_steps"] == evaluated[-1]


def check_level(policy_returns: np.ndarray, level: dict[str, float]) -> None:
    """The mean of a few episodes agrees with that of fifty, both ways."""
    deviation = level["return_std"] / np.sqrt(len(policy_returns))
    # The last term allows for simulators that round otherwise.
    allowed = 4.0 * deviation + 0.002 * abs(level["return_mean"])
    assert abs(policy_returns.mean() - level["return_mean"]) <= allowed


def test_expert_acts_in_its_environment_as_described(
    task: str, description: dict[str, Any], policy: loaded_policy.LoadedPolicy
):
    env = make_environment(task)
    loaded_policy.check_fits(policy, env)
    acts = policy.deterministic, loaded_policy.sampler(policy, FINAL_SEED)
    for act, name in zip(acts, ("deterministic", "stochastic"), strict=True):
        # HalfCheetah's falls over in one episode of fifty, and rounding decides in which: of two
        # episodes, one would be too many.
        episodes = play(act, task, 3, FINAL_SEED)
        for episode in episodes:
            assert all(env.action_space.contains(action) for action in episode.actions)
        check_level(returns(episodes), description[name])


def visited(task: str) -> list[np.ndarray]:
    """Observations of the first steps of a policy that acts at random."""
    env = make_environment(task)
    env.action_space.seed(0)
    observations = [env.reset(seed=0)[0]]
    while len(observations) < 8:
        observations.append(env.step(env.action_space.sample())[0])
    return [observation.astype(np.float32) for observation in observations]


def test_stochastic_actions_scatter_about_the_deterministic_one(
    task: str, policy: loaded_policy.LoadedPolicy
):
    space, draws = make_environment(task).action_space, 2000
    # Four deviations of a share of the draws, which are largest for a half.
    allowed = 4.0 * 0.5 / np.sqrt(draws)
    scattered = []
    for observation in visited(task):
        observations = np.tile(observation, (draws, 1))
        most_likely = np.asarray(policy.deterministic(observations[:1])[0])
        actions = np.asarray(policy.stochastic(observations, [3, 0]))
        np.testing.assert_array_equal(policy.stochastic(observations, [3, 0]), actions)
        scattered.append((actions != actions[0]).any())
        if isinstance(space, gymnasium.spaces.Discrete):
            shares = np.bincount(actions, minlength=int(space.n)) / draws
            assert shares[most_likely] > shares.max() - 2.0 * allowed
        else:
            assert isinstance(space, gymnasium.spaces.Box)
            below, above = (actions < most_likely).mean(0), (actions > most_likely).mean(0)
            # As many are below as above, but for those that are clipped to the same bound.
            np.testing.assert_array_less(below, 0.5 + allowed)
            np.testing.assert_array_less(above, 0.5 + allowed)
            within = (space.low < most_likely) & (most_likely < space.high)
            np.testing.assert_array_less(0.5 - allowed, np.minimum(below, above)[within])
    if isinstance(space, gymnasium.spaces.Box):
        assert all(scattered)
    # A discrete expert is in doubt in few states; some of these are among many starts.
    env = make_environment(task)
    starts = np.array([env.reset(seed=seed)[0] for seed in range(500)], np.float32)
    drawn = [np.asarray(policy.stochastic(starts, [seed, 0])) for seed in range(2)]
    assert (drawn[0] != drawn[1]).any()


@pytest.mark.parametrize("task", [task for task in TASKS if task != "Humanoid"])
def test_demonstrations_that_come_with_it_are_of_the_expert(
    task: str, description: dict[str, Any], expert_data: pathlib.Path
):
    number = TASKS[task].num_trajectories
    loaded = demonstrations.load(expert_data / task / "demonstrations" / str(number), task)
    assert loaded.ended.sum() == number
    level = description["stochastic"]
    assert loaded.return_mean is not None
    # Within what the mean of so many episodes scatters by, as far as the demonstrations' level can
    # be told at all: they were drawn, not chosen.
    allowed = 4.0 * level["return_std"] / np.sqrt(number) + 1.0
    assert abs(loaded.return_mean - level["return_mean"]) <= allowed
