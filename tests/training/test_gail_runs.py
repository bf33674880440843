"""Whole runs of GAIL."""

import json
from typing import Any

import numpy as np
import pytest
import sample_data
import tensorflow as tf

pytest.importorskip("sb3_contrib")

from mgail_tf import config as configs
from mgail_tf.envs.episodes import play, returns
from mgail_tf.loaded_policy import load
from mgail_tf.seeds import FINAL_SEED
from mgail_tf.training.build import make_trainer

SMALL: dict[str, Any] = {
    "algorithm": "gail",
    "total_steps": 160,
    "batch_steps": 40,
    "num_envs": 4,
    "evaluate_every": 80,
    "evaluation_episodes": 1,
    "final_episodes": 2,
    "film_every": 0,
    "policy_hidden": (6, 5),
    "value_hidden": (6,),
    "discriminator_hidden": (6,),
    "batch_size": 16,
    "discriminator_updates": 2,
    "value_passes": 2,
}


@pytest.fixture
def eagerly():
    """To trace a graph takes longer than a few rounds."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def metrics(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    # Wall time is the one thing that no two runs share.
    return [{k: v for k, v in line.items() if "seconds" not in k} for line in lines]


class Interrupted(Exception):
    pass


@pytest.mark.parametrize(("env", "constant"), [("CartPole", [0]), ("Hopper", [])])
def test_resumed_run_equals_one_that_was_never_stopped(env, constant, tmp_path, eagerly):
    demonstrated = sample_data.load(env)
    # The agent makes it vary, and its scale is learned on the way.
    for observations in demonstrated.observations, demonstrated.next_observations:
        observations[:, constant] = 0.0
    # Saved after each iteration.
    config = configs.make(env, seed=7, checkpoint_minutes=1e-9, **SMALL)
    whole: Any = make_trainer(config, demonstrated, tmp_path / "whole")
    whole.train(progress=False)

    stopped: Any = make_trainer(config, demonstrated, tmp_path / "stopped")
    collect = stopped.collector.collect

    def interrupt(act, length):
        if stopped.state.rounds == 3:  # Between two evaluations.
            raise Interrupted
        return collect(act, length)

    stopped.collector.collect = interrupt
    with pytest.raises(Interrupted):
        stopped.train(progress=False)
    resumed: Any = make_trainer(config, demonstrated, tmp_path / "stopped")
    assert resumed.state.rounds == 3
    resumed.train(progress=False)

    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "whole")
    for name, weights in resumed.learner.weights.items():
        for one, other in zip(weights, whole.learner.weights[name], strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert np.isfinite(resumed.policy.observations.stddev.numpy()).all()


def test_training_comes_from_nowhere_towards_the_expert(tmp_path):
    settings = {"total_steps": 8_000, "batch_steps": 1_000, "max_kl": 0.03, "final_episodes": 10}
    config = configs.make(
        "CartPole",
        algorithm="gail",
        film_every=0,
        evaluation_episodes=2,
        evaluate_every=2_000,
        **settings,
    )
    trainer: Any = make_trainer(config, sample_data.load("CartPole"), tmp_path / "run")
    result = trainer.train(progress=False)
    lines = metrics(tmp_path / "run")
    assert lines[0]["normalized_return"] < 0.2 and result["normalized_return"] > 0.5
    assert {"discriminator/accuracy_agent", "policy/kl", "value/loss"} < lines[1].keys()
    # What is exported is what was evaluated.
    exported = load(tmp_path / "run" / "saved_model")
    episodes = play(exported.deterministic, "CartPole", 10, FINAL_SEED)
    assert returns(episodes).mean() == pytest.approx(result["return_mean"])


def test_a_run_may_begin_with_the_policy_of_another_one(tmp_path, eagerly):
    demonstrated = sample_data.load("CartPole")
    first: Any = make_trainer(configs.make("CartPole", **SMALL), demonstrated, tmp_path / "first")
    first.train(progress=False)
    # An iteration hardly moves it.
    settings = SMALL | {"seed": 5, "max_kl": 1e-6, "initial_policy": str(tmp_path / "first")}
    second: Any = make_trainer(configs.make("CartPole", **settings), demonstrated, tmp_path / "2nd")
    observations = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    expected = load(tmp_path / "first" / "saved_model").deterministic(observations)
    np.testing.assert_array_equal(second.policy.deterministic(observations), expected)
    second.learner.learn(second.collector)
    # A policy that torch had made itself would choose otherwise.
    assert np.mean(second.policy.deterministic(observations) == np.asarray(expected)) > 0.98
