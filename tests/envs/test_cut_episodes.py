import gymnasium
import numpy as np

from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.make import make_environment


def length(env: gymnasium.Env, seed: int) -> int:
    """Steps until it is cut."""
    env.reset(seed=seed)
    for step in range(1, 10_000):
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        assert not terminated
        if truncated:
            return step
    raise AssertionError("it is never cut")


def test_lengths_have_their_mean_and_the_seed_decides():
    env = CutEpisodes(gymnasium.make("Pendulum-v1", max_episode_steps=10_000), 20)
    lengths = [length(env, seed) for seed in range(500)]
    assert lengths[:50] == [length(env, seed) for seed in range(50)]
    # A geometric distribution's deviation is about its mean.
    assert abs(np.mean(lengths) - 20) < 4 * 20 / np.sqrt(500)
    assert abs(np.std(lengths) - 20) < 5
    assert min(lengths) == 1


def test_the_tasks_own_ends_remain():
    env = CutEpisodes(gymnasium.make("CartPole-v1"), 10_000_000)
    env.reset(seed=0)
    ends = [False, False]
    while not any(ends):
        ends = env.step(0)[2:4]
    assert list(ends) == [True, False]
    env = CutEpisodes(gymnasium.make("Pendulum-v1"), 10_000_000)
    assert length(env, 0) == 200


class Still(gymnasium.Env):
    """Nothing happens, for ever."""

    action_space = gymnasium.spaces.Discrete(1)

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}


def ranks(values: list[float]) -> np.ndarray:
    return np.argsort(np.argsort(values))


def test_length_does_not_depend_on_the_environments_own_start():
    # The start is made of the first numbers that the seed gives.
    seeds, cartpole, env = range(2000), make_environment("CartPole"), CutEpisodes(Still(), 100)
    positions = [float(cartpole.reset(seed=seed)[0][0]) for seed in seeds]
    lengths = [float(length(env, seed)) for seed in seeds]
    # Of independent values its deviation is 1 / sqrt(2000).
    assert abs(np.corrcoef(ranks(positions), ranks(lengths))[0, 1]) < 4 / np.sqrt(2000)
