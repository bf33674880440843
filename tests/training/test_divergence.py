"""Runs whose learning rates are far too large."""

import math
import re
from typing import Any

import numpy as np
from programs import run
import pytest
import sample_data
from small_runs import ROUNDS_OF_8
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.errors import Diverged
from mgail_tf.loaded_policy import load
from mgail_tf.training import build
from mgail_tf.training.build import make_trainer
from mgail_tf.training.checkpoints import numbers
from mgail_tf.training.divergence import Doubts

SMALL = ROUNDS_OF_8 | {"total_steps": 96, "final_episodes": 1, "checkpoint_minutes": 1e-9}
PAPER: dict[str, Any] = {
    "preset": "paper",
    "total_steps": 3000,
    "evaluate_every": 60,
    "replay_steps": 100,
    "preparation_iterations": 5,
    "turn_iterations": 5,
    "test_interval": 1000,
    "evaluation_episodes": 1,
    "final_episodes": 1,
    "film_every": 0,
    "checkpoint_minutes": 1e-9,
}
CLONING: dict[str, Any] = {"algorithm": "bc", "final_episodes": 1, "checkpoint_minutes": 1e-9}


def make(env, folder, **settings) -> Any:
    return make_trainer(configs.make(env, **settings), sample_data.load(env), folder)


def saved_weights(folder):
    """All numbers of the learner that the newest checkpoint holds."""
    file = str(folder / "checkpoints" / f"ckpt-{numbers(folder / 'checkpoints')[-1]}")
    reader = tf.train.load_checkpoint(file)
    names = re.findall(r"learner/\S*VARIABLE_VALUE", " ".join(reader.get_variable_to_shape_map()))
    # Bounds that are infinite until something is known.
    weights = [name for name in names if "_smallest" not in name and "_best" not in name]
    return np.concatenate([reader.get_tensor(name).ravel() for name in weights])


@pytest.mark.parametrize("env", ["CartPole", "Hopper"])
@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (SMALL | {"forward_model_learning_rate": 1e9}, "policy/loss is nan"),
        (SMALL | {"value_learning_rate": 2e9}, "value/gradient_norm is inf"),
        (PAPER | {"forward_model_learning_rate": 1e9}, "forward_model/loss is (nan|inf)"),
        (
            CLONING | {"policy_learning_rate": 2e9},
            "cloning/[a-z_]+ is (nan|-?inf)",
        ),
    ],
)
def test_what_is_not_finite_ends_the_run_and_is_not_saved(env, settings, what, tmp_path):
    trainer = make(env, tmp_path, **settings)
    with pytest.raises(Diverged, match=rf"^{what} in round \d+, after \d+ env.* diverged") as told:
        trainer.train(progress=False)
    assert "\n" not in str(told.value) and told.value.status == 3
    assert not (tmp_path / "result.json").exists()
    assert np.isfinite(saved_weights(tmp_path)).all()
    if "algorithm" not in settings:  # Cloning exports at its end only.
        action = load(tmp_path).deterministic(np.zeros(trainer.policy.observations.size))
        assert np.isfinite(action).all()


def test_a_clone_that_is_not_finite_is_not_begun_with(tmp_path, monkeypatch):
    def clone(*_):
        return {"cloning/log_likelihood": math.nan}

    monkeypatch.setattr(build, "start_from_clone", clone)
    with pytest.raises(Diverged, match="log_likelihood is nan in the cloning that learning begins"):
        make("CartPole", tmp_path / "run", **SMALL | {"cloned_start": True})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_not_saved(value, tmp_path):
    # With discrete actions, a policy of NaN acts, and may even be good.
    trainer = make("CartPole", tmp_path, **SMALL)
    weight = trainer.learner.networks.policy.trainable_variables[0]
    weight.assign(np.full(weight.shape, value))
    with pytest.raises(Diverged, match="a weight of policy is not finite in round 0"):
        trainer.train(progress=False)
    assert not numbers(tmp_path / "checkpoints") and not (tmp_path / "saved_model").exists()


def test_losses_and_weights_that_explode_are_said_once(tmp_path, capfd):
    settings = SMALL | {"policy_learning_rate": 1e6, "astray": 0.0}
    result = make("CartPole", tmp_path, **settings).train(progress=False)
    told = capfd.readouterr().err
    if result["level"] != "like the expert":
        assert any("A weight of policy" in sentence for sentence in result["verdict"])
    assert told.count("CartPole: A weight of policy is ") == 1 and "e+06: it explodes" in told
    assert told.count("policy/cloning_loss is ") == 1 and "on average: it explodes" in told
    assert "value" not in told and "discriminator" not in told


def test_weights_that_no_longer_change_are_said_once(tmp_path, capfd):
    # Without a gradient: its steps have made every choice certain.
    settings = SMALL | {"policy_learning_rate": 1e6, "cloning_weight": 0.0, "astray": 0.0}
    settings |= {"policy_updates": 50, "total_steps": 160}
    make("CartPole", tmp_path, **settings).train(progress=False)
    assert capfd.readouterr().err.count("The weights of policy have not changed") == 1


def test_a_run_in_order_is_not_doubted(tmp_path, capfd):
    make("CartPole", tmp_path, **SMALL).train(progress=False)
    make("Hopper", tmp_path / "other", **PAPER | {"total_steps": 2400}).train(progress=False)
    assert "learn" not in capfd.readouterr().err


def test_a_doubt_is_told_once_by_a_run_that_is_resumed_too():
    weights = {"policy": [tf.Variable([1e5, 1.0])]}
    doubts = Doubts()
    assert len(doubts.arising({"policy/loss": 1e6}, weights)) == 2
    again = Doubts()
    again.deserialize(doubts.serialize().encode())
    [stays] = again.arising({"policy/loss": 1e6}, weights)
    assert "have not changed" in stays
    # What was not updated need not change.
    assert Doubts().arising({"value/loss": 1.0}, weights) == []


def test_the_program_says_so_in_a_line_and_with_a_status_of_its_own(tmp_path):
    far_too_large = "--forward_model_learning_rate=1e9"
    done = run("main.py", "--env=CartPole", "--logdir=run", far_too_large, folder=tmp_path)
    assert done.returncode == 3 and "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: forward_model/loss is nan in round 1, after 80 environment step")
    assert (tmp_path / "run" / "saved_model" / "saved_model.pb").exists()
    assert numbers(tmp_path / "run" / "checkpoints")
