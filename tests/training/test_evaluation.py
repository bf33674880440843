import numpy as np
import pytest

from mgail_tf.envs.episodes import play_randomly, returns
from mgail_tf.seeds import RANDOM_SEED
from mgail_tf.training.evaluation import Evaluation


def push_right(observations):
    return np.ones(len(observations), int)


def test_returns_are_set_against_the_experts_and_a_random_policys():
    evaluation = Evaluation("CartPole", 200.0, 3.0)
    assert evaluation.expert_return == 200.0
    random = returns(play_randomly("CartPole", 20, RANDOM_SEED)).mean()
    # About 22 steps, with a deviation of 12 in each of 20 episodes.
    assert evaluation.random_return == pytest.approx(random) == pytest.approx(22.0, abs=10.0)
    measured, episodes = evaluation.evaluate(push_right, 7, seed=5)
    achieved = [len(episode.rewards) for episode in episodes]  # CartPole pays 1 a step.
    assert len(achieved) == 7 and np.std(achieved) > 0.0
    error, span = np.std(achieved, ddof=1) / np.sqrt(7), 200.0 - random
    normalized = (np.mean(achieved) - random) / span
    assert measured == {
        "return_mean": pytest.approx(np.mean(achieved)),
        "return_std": pytest.approx(np.std(achieved)),
        "return_standard_error": pytest.approx(error),
        "normalized_return": pytest.approx(normalized),
        "normalized_return_standard_error": pytest.approx(
            np.sqrt(error**2 + (normalized * 3.0) ** 2) / span
        ),
        "non_finite_episodes": 0,
    }
    again, _ = evaluation.evaluate(push_right, 7, seed=5)
    assert again == measured
    other, _ = evaluation.evaluate(push_right, 7, seed=50)
    assert other != measured


def test_without_a_known_level_returns_are_not_normalised():
    unknown = Evaluation("CartPole", None)
    assert unknown.expert_return is None and unknown.random_return is None
    measured, _ = unknown.evaluate(push_right, 2, seed=0)
    assert measured["normalized_return"] is None and (measured["return_mean"] or 0.0) > 0.0
    # Neither are they where the expert's is a random policy's.
    level = Evaluation("CartPole", 200.0).random_return
    measured, _ = Evaluation("CartPole", level).evaluate(push_right, 2, seed=0)
    assert measured["normalized_return"] is None and (measured["return_mean"] or 0.0) > 0.0
