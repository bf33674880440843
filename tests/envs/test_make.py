import gymnasium
import numpy as np
import pytest

from mgail_tf.envs.make import make_environment
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.errors import UserError


def steps(envs, actions):
    return [(*envs.step(action), envs.observation) for action in actions]


@pytest.mark.parametrize("name", ["CartPole", "Hopper", "Acrobot"])
def test_unfinished_episodes_are_restored_exactly(name):
    space = make_environment(name).action_space
    space.seed(0)
    actions = [np.array([space.sample() for _ in range(3)]) for _ in range(120)]
    envs = ParallelEnvironments(name, 3, seed=1)
    steps(envs, actions[:70])
    state = envs.get_state()
    expected = steps(envs, actions[70:])
    assert any(ended.any() for _, _, ended, _ in expected) or name == "Acrobot"

    other = ParallelEnvironments(name, 3, seed=1)
    other.set_state(state)
    for one, two in zip(steps(other, actions[70:]), expected, strict=True):
        for restored, original in zip(one, two, strict=True):
            np.testing.assert_array_equal(restored, original)


def test_an_episodes_end_is_seen_before_the_next_one_starts():
    envs = ParallelEnvironments("CartPole", 2, seed=0)
    ends = 0
    for _ in range(60):
        before = envs.observation
        next_observation, terminated, ended = envs.step(np.array([1, 0]))
        # One step moves the cart by its velocity; only a new episode moves it elsewhere.
        np.testing.assert_allclose(
            next_observation[:, 0], before[:, 0] + 0.02 * before[:, 1], atol=1e-5
        )
        np.testing.assert_array_equal(envs.observation[~ended], next_observation[~ended])
        assert np.abs(envs.observation[ended]).max(initial=0.0) <= 0.05
        assert np.abs(next_observation[terminated, 2]).min(initial=1.0) > 0.2
        ends += ended.sum()
    assert ends > 4


def test_episodes_differ_between_environments_and_in_time():
    envs = ParallelEnvironments("CartPole", 4, seed=0)
    starts = [envs.observation]
    while len(starts) < 3:
        if envs.step(np.ones(4, int))[2].all():
            starts.append(envs.observation)
    assert len(np.unique(np.concatenate(starts), axis=0)) == 12


def test_cartpole_is_capped_at_200_steps():
    assert make_environment("CartPole").spec.max_episode_steps == 200


@pytest.mark.parametrize("name", ["NoSuchTask", "NoSuchTask-v0", "nosuchmodule:Task-v0"])
def test_unknown_environment(name):
    with pytest.raises(UserError, match="cannot make environment"):
        make_environment(name)


class Odd(gymnasium.Env):
    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions


@pytest.mark.parametrize(
    ("observations", "actions", "wrapper"),
    [
        (gymnasium.spaces.Box(0, 1, (3, 3)), gymnasium.spaces.Discrete(2), "FlattenObservation"),
        (gymnasium.spaces.Dict(), gymnasium.spaces.Discrete(2), "FlattenObservation"),
        (gymnasium.spaces.Box(0, 1, (3,)), gymnasium.spaces.MultiBinary(2), "TransformAction"),
        (gymnasium.spaces.Box(0, 1, (3,)), gymnasium.spaces.MultiDiscrete([2, 3]), "TransformAct"),
        (gymnasium.spaces.Discrete(5), gymnasium.spaces.Discrete(2), "FlattenObservation"),
    ],
)
def test_unsupported_spaces(observations, actions, wrapper):
    gymnasium.register("Odd-v0", lambda: Odd(observations, actions))
    with pytest.raises(UserError, match=wrapper):
        make_environment("Odd-v0")
