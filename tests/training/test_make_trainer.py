"""Whole runs, as the settings ask for them."""

import json
import os
import shutil
from typing import Any

import numpy as np
import pytest
import sample_data
from small_runs import ROUNDS_OF_8
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.algorithms.behavioural_cloning import BehaviouralCloning
from mgail_tf.algorithms.mgail import MGAIL
from mgail_tf.envs.episodes import play, returns
from mgail_tf.errors import UserError
from mgail_tf.loaded_policy import load
from mgail_tf.seeds import FINAL_SEED
from mgail_tf.training import run_folder
from mgail_tf.training.build import make_trainer
from mgail_tf.training.evaluation import Evaluation

# The buffer is full before the end.
SMALL = ROUNDS_OF_8 | {"total_steps": 48, "final_episodes": 2, "replay_steps": 32}
CLONING = {"algorithm": "bc", "max_epochs": 3, "evaluation_episodes": 1, "final_episodes": 1}


@pytest.fixture(scope="module")
def cartpole():
    return sample_data.load("CartPole")


@pytest.fixture
def eagerly():
    """To trace a graph takes longer than a few rounds."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def once_cloned(cartpole, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cloned") / "run"
    tf.config.run_functions_eagerly(True)
    make_trainer(configs.make("CartPole", **CLONING), cartpole, folder).train(progress=False)
    tf.config.run_functions_eagerly(False)
    return folder


@pytest.fixture
def cloned(once_cloned, tmp_path):
    """The folder of a finished run of cloning, to change as one likes."""
    return shutil.copytree(once_cloned, tmp_path / "run")


def metrics(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    # Wall time is the one thing that no two runs share.
    return [{k: v for k, v in line.items() if "seconds" not in k} for line in lines]


def points(folder):
    """The steps at which TensorBoard has something of a run, by tag."""
    events = EventAccumulator(str(folder / folder.parent.name)).Reload()
    return {tag: [event.step for event in events.Tensors(tag)] for tag in events.Tags()["tensors"]}


def weights(trainer):
    networks = trainer.learner.networks
    models = (
        networks.policy,
        networks.average_policy,
        networks.discriminator,
        networks.forward_model,
        networks.value,
        networks.slow_value,
    )
    return [values for model in models for values in model.get_weights()]


class Interrupted(Exception):
    pass


# The first is traced, as every run is.
@pytest.mark.parametrize(
    ("env", "constant", "eager", "minutes"),
    [("CartPole", [0], False, 0.0), ("Hopper", [], True, 0.0), ("Hopper", [], True, 1e-9)],
)
def test_resumed_run_equals_one_that_was_never_stopped(
    env, constant, eager, minutes, tmp_path, eagerly
):
    tf.config.run_functions_eagerly(eager)
    demonstrated = sample_data.load(env)
    # The agent makes it vary, and its scale is learned on the way.
    for observations in demonstrated.observations, demonstrated.next_observations:
        observations[:, constant] = 0.0
    # After each round, or with evaluations only.
    config = configs.make(env, seed=7, checkpoint_minutes=minutes, **SMALL)

    whole = make_trainer(config, demonstrated, tmp_path / "whole")
    whole.train(progress=False)

    stopped = make_trainer(config, demonstrated, tmp_path / "stopped")
    collect, rounds = stopped.collector.collect, 3

    def interrupt(act, length):
        if stopped.state.rounds == rounds:  # Between two evaluations.
            raise Interrupted
        return collect(act, length)

    stopped.collector.collect = interrupt
    with pytest.raises(Interrupted):
        stopped.train(progress=False)
    resumed = make_trainer(config, demonstrated, tmp_path / "stopped")
    assert resumed.state.rounds == (rounds if minutes else 2)
    resumed.train(progress=False)

    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "whole")
    for one, other in zip(weights(resumed), weights(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    scales = [each.policy.observations.stddev.numpy() for each in (resumed, whole)]
    np.testing.assert_array_equal(*scales)
    assert np.isfinite(scales[0]).all()
    curves = [points(tmp_path / name / "tensorboard") for name in ("stopped", "whole")]
    assert curves[0] == curves[1] and len(curves[0]["config"]) == 1


def test_a_finished_run_goes_on_with_a_larger_budget(cartpole, tmp_path, eagerly, monkeypatch):
    settings = SMALL | {"evaluate_every": 8}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()

    first: Any = make_trainer(
        configs.make("CartPole", **settings | {"total_steps": 24}), cartpole, "run"
    )
    monkeypatch.chdir(tmp_path / "elsewhere")  # It is the folder of the construction that counts.
    assert first.train(progress=False)["env_steps"] == 24
    assert os.listdir() == []

    config = configs.make("CartPole", **settings | {"total_steps": 48})
    second: Any = make_trainer(config, cartpole, tmp_path / "run")
    for one, other in zip(weights(second), weights(first), strict=True):
        np.testing.assert_array_equal(one, other)
    assert second.train(progress=False)["env_steps"] == 48
    assert [line["env_steps"] for line in metrics(tmp_path / "run")] == [0, 8, 16, 24, 32, 40, 48]


def test_training_reaches_the_expert(cartpole, tmp_path):
    seldom = {"evaluate_every": 1250, "evaluation_episodes": 2, "final_episodes": 10}
    # Cloning alone would reach it, too.
    without = {"cloned_start": False, "cloning_weight": 0.0}
    config = configs.make("CartPole", seed=100, **seldom, **without, film_every=0)
    result = make_trainer(config, cartpole, tmp_path).train(progress=False)
    assert result["return_mean"] == 200
    assert result["num_trajectories"] == 1
    assert result["env_steps"] <= config.run.total_steps
    assert result["steps_to_95"] is not None


def test_rewards_may_be_missing(cartpole, tmp_path, eagerly):
    config = configs.make("CartPole", **CLONING)
    demonstrated = cartpole._replace(return_mean=None)
    result = make_trainer(config, demonstrated, tmp_path).train(progress=False)
    for name in "expert_return_mean", "random_return_mean", "normalized_return", "steps_to_95":
        assert result[name] is None
    assert result["return_mean"] > 0
    # What needs no rewards is known: how far it is, and how far a random policy.
    assert result["imitation_distance"] > 0.5 < result["imitation_distance_of_random_policy"]
    assert result["imitation_distance_of_demonstrations"] is None


@pytest.mark.parametrize("pairs", [1, 3])
def test_demonstrations_may_be_shorter_than_a_segment(pairs, cartpole, tmp_path, eagerly):
    few = cartpole._replace(
        **{
            name: getattr(cartpole, name)[-pairs:]
            for name in ("observations", "actions", "next_observations", "terminated", "ended")
        }
    )
    settings = {"total_steps": 40, "segment_length": 5, "policy_updates": 2, "use_value": True}
    trainer = make_trainer(configs.make("CartPole", **SMALL | settings), few, tmp_path / "run")
    before = weights(trainer)
    trainer.train(progress=False)
    after = weights(trainer)
    assert all(np.isfinite(values).all() for values in after)
    assert all((new != old).any() for new, old in zip(after, before, strict=True))


def test_cloning_goes_through_the_same_loop(cartpole, tmp_path, eagerly):
    short = {"evaluation_episodes": 2, "final_episodes": 3, "policy_hidden": (20,)}
    config = configs.make("CartPole", algorithm="bc", max_epochs=30, **short)
    trainer = make_trainer(config, cartpole, tmp_path / "bc")
    result = trainer.train(progress=False)
    assert isinstance(trainer.learner, BehaviouralCloning)
    assert result["env_steps"] == 0 and result["episodes"] == 3
    [line] = metrics(tmp_path / "bc")
    assert line["env_steps"] == 0
    assert {"cloning/log_likelihood", "cloning/held_out_log_likelihood"} < line.keys()
    # What is exported is what was evaluated.
    exported = load(tmp_path / "bc" / "saved_model")
    episodes = play(exported.deterministic, "CartPole", 3, FINAL_SEED)
    assert returns(episodes).mean() == pytest.approx(result["return_mean"])

    config = configs.make("CartPole", **SMALL | {"total_steps": 8})
    trainer = make_trainer(config, cartpole, tmp_path / "mgail")
    assert isinstance(trainer.learner, MGAIL)
    trainer.train(progress=False)
    files = [sorted(os.listdir(tmp_path / name)) for name in ("bc", "mgail")]
    assert files[0] == files[1]


def test_a_run_of_cloning_is_resumed(cartpole, cloned):
    resumed: Any = make_trainer(configs.make("CartPole", **CLONING), cartpole, cloned)
    assert resumed.learner.finished and resumed.state.rounds == 3
    before = resumed.learner.best_policy.get_weights()
    result = resumed.train(progress=False)
    assert result["env_steps"] == 0 and resumed.state.rounds == 3
    for one, other in zip(before, resumed.learner.best_policy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_seed_decides_the_whole_run(cartpole, tmp_path):
    first = []
    for index, seed in enumerate([3, 3, 4]):
        config = configs.make("CartPole", **SMALL, seed=seed)
        trainer: Any = make_trainer(config, cartpole, tmp_path / str(index))
        first.append((weights(trainer)[2], trainer.collector.environments.observation))
    for one, other, differs in zip(first[0], first[1], first[2], strict=True):
        np.testing.assert_array_equal(one, other)
        assert (one != differs).any()


def test_damaged_checkpoint(cartpole, cloned):
    # One is kept of a run that is finished.
    [data] = (cloned / "checkpoints").glob("*.data*")
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(UserError, match="is damaged"):
        make_trainer(configs.make("CartPole", **CLONING), cartpole, cloned)


def test_a_checkpoint_of_other_networks_is_not_called_damaged(
    cartpole, cloned, tmp_path, eagerly, monkeypatch
):
    wider = configs.make("CartPole", policy_hidden=(7,), **CLONING)
    # As where another version of the program made other networks of the same settings.
    monkeypatch.setattr(run_folder, "identity", lambda *_: "the same")
    make_trainer(wider, cartpole, tmp_path / "wider").train(progress=False)
    shutil.rmtree(cloned / "checkpoints")
    (tmp_path / "wider" / "checkpoints").rename(cloned / "checkpoints")
    with pytest.raises(UserError, match="is whole, but of other networks"):
        make_trainer(configs.make("CartPole", **CLONING), cartpole, cloned)


def test_replaced_demonstrations_are_refused_and_the_export_stays(cartpole, cloned):
    origin = json.loads((cloned / "saved_model" / "policy.json").read_text())
    assert origin["env_id"] == "CartPole-v1" and origin["measured"]["episodes"] == 1
    assert origin["fingerprint"] == cartpole.origin.fingerprint
    before = {file: file.read_bytes() for file in cloned.rglob("*") if file.is_file()}
    replaced = cartpole._replace(observations=cartpole.observations * 2)
    with pytest.raises(UserError, match="learned from other demonstrations"):
        make_trainer(configs.make("CartPole", **CLONING), replaced, cloned)
    assert {file: file.read_bytes() for file in cloned.rglob("*") if file.is_file()} == before


def test_rewards_may_tell_nothing(cartpole, tmp_path, eagerly):
    # The expert is as good as a random policy.
    level = Evaluation("CartPole", 0.0).levels["random_return_mean"]
    config = configs.make("CartPole", **CLONING)
    demonstrated = cartpole._replace(return_mean=level)
    result = make_trainer(config, demonstrated, tmp_path).train(progress=False)
    assert result["expert_return_mean"] == result["random_return_mean"] == level
    assert result["normalized_return"] is None and result["steps_to_95"] is None


@pytest.mark.parametrize("other", ["MountainCar", "Acrobot"])
def test_demonstrations_of_another_environment(cartpole, tmp_path, other):
    config = configs.make(other, **CLONING)
    with pytest.raises(UserError, match="the demonstrations' observations are of shape"):
        make_trainer(config, cartpole, tmp_path)


def test_where_the_demonstrations_are_may_not_be_utf_8(cartpole, tmp_path, eagerly):
    config = configs.make("CartPole", expert_data="latin\udce9", **CLONING)
    make_trainer(config, cartpole, tmp_path).train(progress=False)
    assert "latin" in json.loads((tmp_path / "config.json").read_text())["expert_data"]


def test_checkpoints_of_another_run_are_not_taken_up(cartpole, cloned, tmp_path, eagerly):
    other = configs.make("CartPole", seed=1, **CLONING)
    make_trainer(other, cartpole, tmp_path / "other").train(progress=False)
    shutil.copytree(tmp_path / "other" / "checkpoints", cloned / "checkpoints", dirs_exist_ok=True)
    with pytest.raises(UserError, match="of a run of other settings or demonstrations"):
        make_trainer(configs.make("CartPole", **CLONING), cartpole, cloned)
    (cloned / "config.json").unlink()
    with pytest.raises(UserError, match="holds checkpoints, and no config.json"):
        make_trainer(other, cartpole, cloned)
