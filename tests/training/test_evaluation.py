import shutil

import gymnasium
import numpy as np
import pytest
import sample_data

from mgail_tf.envs.episodes import play_randomly, returns
from mgail_tf.errors import UserError
from mgail_tf.seeds import RANDOM_SEED
from mgail_tf.training.evaluation import Evaluation, Order
from mgail_tf.training.imitation_distance import ImitationDistance


def push_right(observations):
    return np.ones(len(observations), int)


def test_returns_are_set_against_the_experts_and_a_random_policys():
    evaluation = Evaluation("CartPole", 200.0, 3.0)
    random = returns(play_randomly("CartPole", 20, RANDOM_SEED)).mean()
    # About 22 steps, with a deviation of 12 in each of 20 episodes.
    assert (
        evaluation.levels["random_return_mean"]
        == pytest.approx(random)
        == pytest.approx(22.0, abs=10.0)
    )
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
        "imitation_distance": None,
        "imitation_distance_of_lengths": None,
        "episode_length_mean": pytest.approx(np.mean(achieved)),
        "actions_at_bounds": None,
        "non_finite_episodes": 0,
    }
    again, _ = evaluation.evaluate(push_right, 7, seed=5)
    assert again == measured
    other, _ = evaluation.evaluate(push_right, 7, seed=50)
    assert other != measured


def test_without_a_known_level_returns_are_not_normalised():
    unknown = Evaluation("CartPole", None)
    assert set(unknown.levels.values()) == {None}
    measured, _ = unknown.evaluate(push_right, 2, seed=0)
    assert measured["normalized_return"] is None and (measured["return_mean"] or 0.0) > 0.0
    # Neither are they where the expert's is a random policy's.
    level = Evaluation("CartPole", 200.0).levels["random_return_mean"]
    measured, _ = Evaluation("CartPole", level).evaluate(push_right, 2, seed=0)
    assert measured["normalized_return"] is None and (measured["return_mean"] or 0.0) > 0.0


def test_a_folders_newest_weights_are_evaluated(tmp_path):
    evaluation = Evaluation("CartPole", None)
    lengths = []
    for seed in 0, 1:
        # The program is the same, so the second one is read without it.
        sample_data.write_policy(tmp_path / "policy", seed)
        lengths.append(evaluation.carry_out(Order(tmp_path / "policy", 3, seed=0)).measured)
    anew = Evaluation("CartPole", None).carry_out(Order(tmp_path / "policy", 3, seed=0))
    assert lengths[1] == anew.measured != lengths[0]


def test_a_policy_that_is_gone_is_told(tmp_path):
    evaluation = Evaluation("CartPole", None)
    sample_data.write_policy(tmp_path / "policy")
    evaluation.carry_out(Order(tmp_path / "policy", 1, seed=0))
    shutil.rmtree(tmp_path / "policy")
    with pytest.raises(UserError, match="policy is gone; the same command makes it again"):
        evaluation.carry_out(Order(tmp_path / "policy", 1, seed=0))


def test_without_a_renderer_there_are_findings_all_the_same(tmp_path, monkeypatch):
    sample_data.write_policy(tmp_path / "policy")
    monkeypatch.setenv("MUJOCO_GL", "none")
    monkeypatch.setenv("SDL_VIDEODRIVER", "none")
    evaluation = Evaluation("CartPole", None)
    findings = evaluation.carry_out(Order(tmp_path / "policy", 2, seed=0, film=True))
    assert findings.film is None and "cannot render" in (findings.no_film or "")
    assert findings.measured["return_mean"] is not None


def test_without_rewards_it_is_known_how_far_policies_are_from_the_demonstrations():
    demonstrated = sample_data.load("CartPole")
    distance = ImitationDistance(demonstrated, gymnasium.spaces.Discrete(2))
    evaluation = Evaluation("CartPole", None, distance=distance)
    measured, episodes = evaluation.evaluate(push_right, 3, seed=5)
    assert measured["imitation_distance"] == distance.of(episodes) > 0.5
    random = play_randomly("CartPole", 20, RANDOM_SEED)
    assert evaluation.levels == {
        "random_return_mean": None,
        "random_length_mean": np.mean([len(episode.actions) for episode in random]),
        "imitation_distance_of_random_policy": distance.of(random),
        "imitation_distance_of_demonstrations": None,
    }
