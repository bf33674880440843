"""Runs that cannot succeed say so, and why."""

from typing import Any

import misbehaving
import numpy as np
import pytest
import sample_data

from mgail_tf import config as configs
from mgail_tf.commands.how_it_went import how_it_went
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.envs.episodes import play
from mgail_tf.training.action_bounds import share_at_bounds
from mgail_tf.training.build import make_trainer
from mgail_tf.training.evaluation import Evaluation
from mgail_tf.training.imitation_distance import ImitationDistance
from mgail_tf.training.verdict import Course, judge

SMALL: dict[str, Any] = {
    "evaluate_every": 80,
    "evaluation_episodes": 2,
    "final_episodes": 4,
    "film_every": 0,
    "policy_hidden": (8,),
    "discriminator_hidden": (32, 32),
    "forward_model_width": 8,
    "value_hidden": (8,),
    "policy_segments": 8,
    "export": "last",
}


def go(folder, env: str, demonstrated: Demonstrations, **settings: Any) -> tuple[Any, Any]:
    """What a run has found, and its first line."""
    trainer = make_trainer(configs.make(env, **SMALL | settings), demonstrated, folder)
    return trainer.train(progress=False), trainer.folder.metrics()[0]


def has(result, *words: str) -> None:
    _, *told = result["verdict"]
    for word in words:
        assert any(word in sentence for sentence in told)


def test_actions_of_other_steps_cannot_be_imitated(tmp_path):
    cartpole = sample_data.load("CartPole")
    shuffled = cartpole._replace(actions=np.random.default_rng(0).permutation(cartpole.actions))
    result, start = go(
        tmp_path,
        "CartPole",
        shuffled,
        total_steps=240,
        policy_learning_rate=1e-9,
    )
    assert start["cloning/explained"] < 0.1
    has(
        result,
        "cannot be imitated",
        "not brought the policy closer",
        "Episodes end early",
    )
    screen = how_it_went(result, start)
    assert "CartPole, 240 steps" in screen and "cannot be imitated" in screen


def towards_zero(observations):
    return -np.clip(observations[:, :1] + observations[:, 1:2], -0.5, 0.5).astype(np.float32)


@pytest.fixture(scope="module")
def marked() -> Demonstrations:
    """Demonstrations in `Marked`, with another mark."""
    episodes = play(towards_zero, "misbehaving:Marked-v0", 4, 0)
    observations = [episode.observations * [1.0, 1.0, 0.0] for episode in episodes]
    lengths = tuple(len(episode.actions) for episode in episodes)
    return Demonstrations(
        np.concatenate([each[:-1] for each in observations]),
        np.concatenate([episode.actions for episode in episodes]),
        np.concatenate([each[1:] for each in observations]),
        terminated=np.zeros(sum(lengths), bool),
        ended=np.concatenate([np.arange(length) == length - 1 for length in lengths]),
        num_trajectories=4,
        return_mean=None,
        termination_rate=0.01 / sum(lengths),
        lengths=lengths,
        pairs_of_each=lengths,
    )


def test_an_observation_that_tells_agent_and_expert_apart_is_named(marked, tmp_path):
    result, _ = go(
        tmp_path,
        "misbehaving:Marked-v0",
        marked,
        total_steps=800,
        discriminator_updates=40,
        policy_learning_rate=1.0,
    )
    has(
        result,
        "observation[2]: the expert's values never occur here",
        "The discriminator has won",
    )


def test_actions_at_their_bounds(marked):
    distance = ImitationDistance(marked, misbehaving.Line.action_space)
    evaluation = Evaluation("misbehaving:Marked-v0", None, distance=distance)
    measured, _ = evaluation.evaluate(lambda latest: np.ones([len(latest), 1], np.float32), 2, 0)
    expert = share_at_bounds(marked.actions, misbehaving.Line.action_space)
    known = {"expert_at_bounds": expert, "expert_length_mean": 12.0, "expert_terminated": 0.0}
    result = measured | evaluation.levels | known
    assert (measured["actions_at_bounds"], expert) == (1.0, 0.0)
    has({"verdict": judge(Course([], result)).sentences}, "Actions stick to their bounds: 100%")


def test_without_the_mark_nothing_of_it_is_said(marked, tmp_path):
    same = {
        name: getattr(marked, name) + np.array([0.0, 0.0, 1.0])
        for name in ("observations", "next_observations")
    }
    result, _ = go(tmp_path, "misbehaving:Marked-v0", marked._replace(**same), total_steps=80)
    assert not any("observation[2]" in sentence for sentence in result["verdict"])
