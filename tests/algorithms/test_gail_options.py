"""Each option of GAIL changes exactly what it says."""

from typing import Any
from unittest import mock

from learners import copy
import numpy as np
import option_table
from option_table import Row
import pytest
import sample_data

pytest.importorskip("sb3_contrib")

from mgail_tf import config as configs
from mgail_tf.algorithms import gail
from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.training.build import is_one_at_a_time, make_learner

pytestmark = pytest.mark.usefixtures("eagerly")

ENV, PAIRS = "Pendulum-v1", 20  # 3 numbers are observed, an action is 1.
BASE: dict[str, Any] = {
    "batch_steps": 12,
    "num_envs": 3,
    "discriminator_updates": 2,
    "batch_size": 4,
    "value_passes": 1,
    "policy_hidden": (5,),
    "value_hidden": (6,),
    "discriminator_hidden": (7,),
}


def make_config(settings):
    return configs.make(ENV, algorithm="gail", **BASE | settings)


def observe(**settings):
    """All that can be seen of a run, by name."""
    config = make_config(settings)
    actions = np.linspace(-1.0, 1.0, PAIRS, dtype=np.float32)[:, None]
    demonstrated = sample_data.draw(PAIRS, 3, actions)
    # Farther from the others than any limit: of so few, 4.4 deviations (the root of 19).
    demonstrated.observations[0] = 1e4
    made: tuple[Any, Any] = make_learner(config, demonstrated)
    learner, collector = made
    assert isinstance(learner, gail.GAIL)
    trpo = learner._trust_region._trpo
    before, steps, sizes, losses = copy(learner.discriminator.trainable_variables), [], [], []
    descend, penalty = gail.descend, 1000.0

    def watch(tape, loss, network, optimizer):
        losses.append(float(loss))
        norm = descend(tape, loss, network, optimizer)
        variables = learner.discriminator.trainable_variables
        steps.append(
            max(np.abs(new - old).max() for new, old in zip(variables, before, strict=True))
        )
        return norm

    def constant_penalty(discriminator, expert_pair, agent_pair, mixture):
        sizes.append(len(agent_pair[0]))
        return penalty + 0.0 * mixture[0, 0]

    with (
        mock.patch.object(gail, "descend", watch),
        mock.patch.object(gail, "gradient_penalty", constant_penalty),
    ):
        learner.learn(collector)
    return {
        "environment steps": collector.steps,
        "environments": collector.environments.num_envs,
        "one environment at a time": is_one_at_a_time(config.learner),
        "reward is positive": learner.positive_reward,
        "gamma": trpo.gamma,
        "lambda": trpo.gae_lambda,
        "bound": trpo.target_kl,
        "damping": trpo.cg_damping,
        "discriminator updates": int(learner._optimizer.iterations),
        "pairs of a discriminator update": set(sizes),
        "pairs of a value update": trpo.batch_size,
        "weight of the penalty": round(losses[0] / penalty, 1),
        # Adam's first step is as long as its rate.
        "rate of the discriminator": float(f"{steps[0]:.2g}"),
        "rate of the value": trpo.policy.optimizer.param_groups[0]["lr"],
        "passes": trpo.n_critic_updates,
        "policy": [each.units for each in learner.policy.layers_to_action],
        "discriminator": [each.units for each in learner.discriminator.logits.hidden.denses],
        "value": [len(each) for each in learner.weights["value"]],
        "largest observation": float(np.max(learner._expert[0])),
    }


ROWS = [
    Row("batch_steps", 9, {"environment steps": 9}),
    Row("num_envs", 1, {"environments": 1, "one environment at a time": True}),
    Row("reward", "negative", {"reward is positive": False}),
    Row("discount", 0.9, {"gamma": 0.9}),
    Row("gae_lambda", 0.8, {"lambda": 0.8}),
    Row("max_kl", 0.03, {"bound": 0.03}),
    Row("cg_damping", 0.2, {"damping": 0.2}),
    Row("discriminator_updates", 3, {"discriminator updates": 3}),
    Row(
        "batch_size",
        5,
        {"pairs of a discriminator update": {5}, "pairs of a value update": 5},
    ),
    Row("gradient_penalty", 0.4, {"weight of the penalty": 0.4}),
    Row("discriminator_learning_rate", 0.02, {"rate of the discriminator": 0.02}),
    Row("value_learning_rate", 0.03, {"rate of the value": 0.03}),
    Row("value_passes", 2, {"passes": 2}),
    Row("policy_hidden", (8, 4), {"policy": [8, 4, 1]}),
    Row("discriminator_hidden", (9, 3), {"discriminator": [9, 3]}),
    Row("value_hidden", (10,), {"value": [10, 10, 1, 1]}),
    Row("observation_limit", 2.0, {"largest observation": 2.0}),
]


def test_each_option_changes_exactly_what_it_says():
    option_table.check_complete(ROWS, GAILOptions)
    option_table.check(ROWS, observe)
