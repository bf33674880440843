import json
from unittest import mock

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mgail_tf import config as configs
from mgail_tf.data import demonstrations, experts
from mgail_tf.errors import UserError
from mgail_tf.training.trainer import Trainer

SMALL = {
    "total_steps": 640,
    "evaluate_every": 80,
    "num_envs": 4,
    "segment_length": 5,
    "policy_segments": 8,
    "batch_size": 32,
    "evaluation_episodes": 2,
    "final_episodes": 2,
    "replay_steps": 200,
}


@pytest.fixture(scope="module")
def cartpole():
    folder = experts.demonstrations("CartPole", 1)
    return demonstrations.load(folder, "CartPole", 1)


def metrics(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    # Wall time is the one thing that no two runs share.
    return [{k: v for k, v in line.items() if "seconds" not in k} for line in lines]


def weights(trainer):
    learner = trainer.learner
    models = learner.policy, learner.average_policy, learner.discriminator, learner.forward_model
    return [values for model in models for values in model.get_weights()]


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("env", ["CartPole", "HalfCheetah"])
def test_resumed_run_equals_one_that_was_never_stopped(env, tmp_path):
    folder = experts.demonstrations(env, 1)
    demonstrated = demonstrations.load(folder, env, 1)
    config = configs.make(env, seed=7, **SMALL)

    whole = Trainer(config, demonstrated, tmp_path / "whole")
    whole.train(progress=False)

    stopped = Trainer(config, demonstrated, tmp_path / "stopped")
    collect, rounds = stopped.collect, 21

    def interrupt():
        if stopped.round == rounds:  # Between two checkpoints.
            raise Interrupted
        return collect()

    stopped.collect = interrupt
    with pytest.raises(Interrupted):
        stopped.train(progress=False)
    resumed = Trainer(config, demonstrated, tmp_path / "stopped")
    assert 0 < resumed.round < rounds
    resumed.train(progress=False)

    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "whole")
    for one, other in zip(weights(resumed), weights(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    events = EventAccumulator(str(tmp_path / "stopped" / "tensorboard")).Reload()
    assert len(events.Tensors("config")) == 1


def test_training_reaches_the_expert(cartpole, tmp_path):
    config = configs.make("CartPole", seed=100, final_episodes=10)
    result = Trainer(config, cartpole, tmp_path).train(progress=False)
    assert result["return_mean"] == 200
    assert result["num_trajectories"] == 1
    assert result["env_steps"] <= config.total_steps
    assert result["steps_to_95"] is not None


def test_budget_is_hard(cartpole, tmp_path):
    config = configs.make("CartPole", **SMALL | {"total_steps": 139})
    trainer = Trainer(config, cartpole, tmp_path)
    result = trainer.train(progress=False)
    assert result["env_steps"] == 120  # Whole rounds of 20 steps.


def test_papers_schedule_trains_discriminator_and_policy_in_turn(cartpole, tmp_path):
    schedule = {"total_steps": 420, "preparation_rounds": 2, "block_rounds": 1}
    config = configs.make("CartPole", "paper", **schedule, final_episodes=1)
    trainer = Trainer(config, cartpole, tmp_path)
    turns = []
    while trainer.round < trainer.rounds:
        before = weights(trainer)
        trainer.update(*trainer.collect(), *trainer._turn())
        moved = [(one != other).any() for one, other in zip(before, weights(trainer), strict=True)]
        # Policy and averaged policy have three layers, the discriminator too.
        turns.append((any(moved[:12]), any(moved[12:18]), any(moved[18:])))
        trainer.round += 1
    discriminator, policy = (False, True, True), (True, False, True)
    assert turns == [discriminator] * 3 + [policy, discriminator, policy]


def test_rewards_may_be_missing(cartpole, tmp_path):
    config = configs.make("CartPole", **SMALL)
    result = Trainer(config, cartpole._replace(return_mean=None), tmp_path).train(progress=False)
    for name in "expert_return_mean", "random_return_mean", "normalized_return", "steps_to_95":
        assert result[name] is None
    assert result["return_mean"] > 0


def test_rewards_may_tell_nothing(cartpole, tmp_path):
    with mock.patch("mgail_tf.evaluation.returns", lambda episodes: np.zeros(len(episodes))):
        trainer = Trainer(
            configs.make("CartPole", **SMALL), cartpole._replace(return_mean=0.0), tmp_path
        )
        result = trainer.train(progress=False)
    assert result["expert_return_mean"] == result["random_return_mean"] == 0
    assert result["normalized_return"] is None and result["steps_to_95"] is None


def test_resumes_after_an_unfinished_line(cartpole, tmp_path):
    config = configs.make("CartPole", **SMALL)
    Trainer(config, cartpole, tmp_path).train(progress=False)
    before = metrics(tmp_path)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"env_steps": 640, "ret')
    Trainer(config, cartpole, tmp_path)
    assert metrics(tmp_path) == before


def test_damaged_checkpoint(cartpole, tmp_path):
    config = configs.make("CartPole", **SMALL | {"total_steps": 200})
    Trainer(config, cartpole, tmp_path).train(progress=False)
    [data] = (tmp_path / "checkpoints").glob("*.data*")
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged"):
        Trainer(config, cartpole, tmp_path)


@pytest.mark.parametrize("content", [b"[]", b"{", b"3", b"\xff"])
def test_damaged_config(content, cartpole, tmp_path):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        Trainer(configs.make("CartPole", **SMALL), cartpole, tmp_path)


def test_a_profile_needs_rounds(cartpole, tmp_path):
    config = configs.make("CartPole", **SMALL | {"total_steps": 200, "num_envs": 8})
    with pytest.raises(UserError, match="profile"):
        Trainer(config, cartpole, tmp_path).train(progress=False, profile=True)


@pytest.mark.parametrize("pairs", [1, 3])
def test_demonstrations_may_be_shorter_than_a_segment(pairs, cartpole, tmp_path):
    few = cartpole._replace(
        **{
            name: getattr(cartpole, name)[-pairs:]
            for name in ("observations", "actions", "next_observations", "terminated", "ended")
        }
    )
    trainer = Trainer(configs.make("CartPole", **SMALL), few, tmp_path / "run")
    before = weights(trainer)
    trainer.train(progress=False)
    after = weights(trainer)
    assert all(np.isfinite(values).all() for values in after)
    assert all((new != old).any() for new, old in zip(after, before, strict=True))


def test_other_configuration_in_logdir_changes_nothing(cartpole, tmp_path):
    Trainer(configs.make("CartPole", **SMALL), cartpole, tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(UserError, match="discount"):
        Trainer(configs.make("CartPole", **SMALL, discount=0.9), cartpole, tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_unwritable_logdir(cartpole, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="logdir"):
        Trainer(configs.make("CartPole", **SMALL), cartpole, tmp_path / "file" / "run")
