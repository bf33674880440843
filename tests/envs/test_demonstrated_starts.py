import gymnasium
from gymnasium.envs.mujoco import MujocoEnv
import numpy as np
import pytest

from mgail_tf.envs.demonstrated_starts import enter, is_possible
from mgail_tf.envs.make import make_environment
from mgail_tf.tasks import TASKS


@pytest.mark.parametrize("name", [*TASKS, "InvertedPendulum-v5"])
def test_an_episode_goes_on_as_from_the_demonstrated_state(name):
    env = make_environment(name)
    demonstrated, _ = env.reset(seed=1)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(4)]
    for action in actions[:3]:
        demonstrated = env.step(action)[0]
    expected = env.step(actions[3])[0]

    assert is_possible(env)
    started = make_environment(name)
    started.reset(seed=2)
    observation = enter(started, demonstrated)
    reached = started.step(actions[3])[0]
    state = slice(None)
    if isinstance(env.unwrapped, MujocoEnv):
        # Contact forces, behind the positions and velocities, are no part of the state.
        state = slice(env.unwrapped.init_qpos.size * 2 - 4)
    np.testing.assert_allclose(observation[state], demonstrated[state], atol=1e-5)
    np.testing.assert_allclose(reached[state], expected[state], atol=1e-3)


def test_not_possible_everywhere():
    assert not is_possible(gymnasium.make("Pendulum-v1"))
    scaled = gymnasium.wrappers.NormalizeObservation(gymnasium.make("Hopper-v5"))
    assert not is_possible(scaled)
