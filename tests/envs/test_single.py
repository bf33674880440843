import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.envs.make import make_environment
from mgail_tf.envs.single import SingleEnvironment

NAMES = ["CartPole", "Hopper"]


def act(environment, steps, seed=0):
    """Takes random actions until the episode ends: where they led."""
    environment.action_space.seed(seed)
    led = []
    for _ in range(steps):
        led.append(environment.step(environment.action_space.sample())[0])
        if environment.ended:
            break
    return np.array(led)


def test_every_episode_has_a_seed_of_its_own():
    def starts(seed):
        environment = SingleEnvironment("CartPole", seed)
        return [environment.observation, environment.reset(), environment.reset()]

    first = np.array(starts(0))
    assert len(np.unique(first, axis=0)) == 3
    np.testing.assert_array_equal(first, starts(0))
    assert not np.isin(first, starts(1)).any()


def test_ends_and_steps():
    environment = SingleEnvironment("CartPole", 0)
    assert not environment.ended
    terminated = ended = False
    while not environment.ended:
        observation, terminated, ended = environment.step(np.int64(1))
        np.testing.assert_array_equal(observation, environment.observation)
        assert observation is not None and observation.dtype == np.float32
    assert terminated and ended
    taken = environment.steps
    assert 5 < taken < 20
    environment.reset()
    assert environment.steps == taken and not environment.ended


def test_time_limit_is_an_end_but_no_termination():
    environment = SingleEnvironment("MountainCar", 0)
    results = [environment.step(np.int64(1))[1:] for _ in range(200)]
    assert results[-1] == (False, True)
    assert set(results[:-1]) == {(False, False)}


@pytest.mark.parametrize("name", NAMES)
def test_reset_to_a_demonstrated_state(name):
    env = make_environment(name)
    demonstrated, _ = env.reset(seed=3)
    for _ in range(5):
        demonstrated = env.step(env.action_space.sample())[0]
    environment = SingleEnvironment(name, 0)
    environment.step(environment.action_space.sample())
    observation = environment.reset_to(np.array(demonstrated, np.float32))
    np.testing.assert_allclose(observation, demonstrated, atol=1e-5)
    np.testing.assert_array_equal(observation, environment.observation)


def test_reset_to_is_a_plain_reset_where_states_are_hidden():
    environment, other = (SingleEnvironment("Pendulum-v1", 0) for _ in range(2))
    np.testing.assert_array_equal(environment.reset_to(np.zeros(3)), other.reset())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piece", [False, True])
def test_checkpoints_hold_it(name, piece, tmp_path):
    environment = SingleEnvironment(name, 0)
    act(environment, 8)
    if piece:
        environment.reset_to(environment.observation)
        act(environment, 4, seed=1)
    path = tf.train.Checkpoint(collector=environment).write(str(tmp_path / "checkpoint"))
    observation, steps = environment.observation, environment.steps
    after = act(environment, 5, seed=2)
    following = environment.reset()

    other = SingleEnvironment(name, 0)
    tf.train.Checkpoint(collector=other).read(path).assert_consumed()
    np.testing.assert_array_equal(other.observation, observation)
    assert other.steps == steps
    np.testing.assert_array_equal(act(other, 5, seed=2), after)
    np.testing.assert_array_equal(other.reset(), following)


def test_actions_that_the_environment_changes_are_replayed_as_they_were(tmp_path):
    class Overwriting(gymnasium.Wrapper):
        def step(self, action):
            results = self.env.step(action)
            action[:] = 0.0
            return results

    gymnasium.register("Overwriting-v0", lambda **_: Overwriting(gymnasium.make("Pendulum-v1")))
    environment, other = (SingleEnvironment("Overwriting-v0", 0) for _ in range(2))
    action = np.array([0.7], np.float32)
    for _ in range(5):
        environment.step(action)
    assert action == np.float32(0.7)
    other.deserialize(environment.serialize())
    np.testing.assert_array_equal(other.observation, environment.observation)


def test_an_ended_episode_is_restored_as_one(tmp_path):
    environment = SingleEnvironment("CartPole", 0)
    while not environment.ended:
        environment.step(np.int64(1))
    path = tf.train.Checkpoint(collector=environment).write(str(tmp_path / "checkpoint"))
    other = SingleEnvironment("CartPole", 0)
    tf.train.Checkpoint(collector=other).read(path)
    assert other.ended and other.steps == environment.steps
