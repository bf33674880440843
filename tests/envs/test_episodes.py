import numpy as np
import pytest

from mgail_tf.envs.episodes import Episode, play, play_randomly, random_return, returns, summarize
from mgail_tf.envs.make import make_environment
from mgail_tf.seeds import RANDOM_SEED


def lean(observations: np.ndarray) -> np.ndarray:
    """Pushes CartPole's cart to where the pole leans."""
    assert observations.dtype == np.float32
    return (observations[:, 2] > 0.0).astype(int)


def test_episodes_are_what_happens_in_the_environment():
    played = play(lean, "CartPole", 3, seed=5)
    assert [episode.seed for episode in played] == [5, 6, 7]
    assert len({len(episode.actions) for episode in played}) > 1
    env = make_environment("CartPole")
    for episode in played:
        observations, rewards, terminated = [env.reset(seed=episode.seed)[0]], [], False
        for action in episode.actions:
            # The policy saw the observation before.
            assert action == lean(np.array(observations[-1:]))[0] and not terminated
            observation, reward, terminated, truncated, _ = env.step(action)
            observations.append(observation)
            rewards.append(reward)
        np.testing.assert_array_equal(episode.observations, observations)
        np.testing.assert_array_equal(episode.rewards, rewards)
        assert terminated and episode.terminated


def test_an_episode_that_the_time_limit_ends_is_not_terminated():
    [episode] = play(lambda observations: [np.array([0.0])], "Pendulum-v1", 1, seed=0)
    assert not episode.terminated and len(episode.actions) == 200


def test_returns_and_their_summary():
    played = [
        Episode(np.zeros([len(rewards) + 1, 1]), np.zeros(len(rewards)), rewards, True)
        for rewards in (np.array([1.0, 2.0]), np.array([4.0]), np.array([2.0, 3.0, 6.0]))
    ]
    np.testing.assert_array_equal(returns(played), [3.0, 4.0, 11.0])
    summary = summarize(returns(played))
    assert summary.mean == 6.0 and summary.median == 4.0
    assert summary.deviation == pytest.approx(np.sqrt((9 + 4 + 25) / 3))
    assert summary.of_each_episode == [3.0, 4.0, 11.0]


def test_the_random_policy_is_the_same_each_time_and_draws_from_the_whole_space():
    level = random_return("CartPole")
    assert level == random_return("CartPole")
    played = play_randomly("CartPole", 20, RANDOM_SEED)
    assert level == returns(played).mean()
    actions = np.concatenate([episode.actions for episode in played])
    assert abs(actions.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(actions))
    others = play_randomly("CartPole", 20, RANDOM_SEED + 20)
    assert level != returns(others).mean()
