"""Each option of behavioural cloning changes exactly what it says."""

from typing import Any

from learners import copy
import numpy as np
import option_table
from option_table import Row
import pytest
import sample_data
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.algorithms.behavioural_cloning import BehaviouralCloning
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.training.build import is_one_at_a_time, make_learner

pytestmark = pytest.mark.usefixtures("eagerly")

ENV, PAIRS = "Pendulum-v1", 20  # 3 numbers are observed, an action is 1.
BASE: dict[str, Any] = {
    "policy_hidden": (5,),
    "batch_size": 4,
    "patience": 3,
    "max_epochs": 6,
}


def make(settings):
    config = configs.make(ENV, algorithm="bc", **BASE | settings)
    actions = np.linspace(-1.0, 1.0, PAIRS, dtype=np.float32)[:, None]
    demonstrated = sample_data.draw(PAIRS, 3, actions)
    # Farther from the others than any limit: of so few, 4.4 deviations (the root of 19).
    demonstrated.observations[0] = 1e4
    learner, _ = make_learner(config, demonstrated)
    assert isinstance(learner, BehaviouralCloning)
    return learner


def count_epochs(settings, rise):
    """Epochs until cloning is finished, if the likelihood rises so much with each of them."""
    learner = make(settings)
    weights = learner.policy.trainable_variables
    epochs = 0

    def log_likelihood(observation, action):
        return rise * epochs + 0.0 * tf.add_n([tf.reduce_sum(weight) for weight in weights])

    learner.policy.log_likelihood = log_likelihood
    while not learner.finished:
        epochs += 1
        learner.learn()
    return epochs


def observe(**settings):
    """All that can be seen of a run, by name."""
    learner = make(settings)
    weights, update = learner.policy.trainable_variables, learner.update
    before, batches, steps = copy(weights), [], []

    def watch(observation, action):
        batches.append(observation.numpy())
        norm = update(observation, action)
        steps.append([np.abs(new - old).max() for new, old in zip(weights, before, strict=True)])
        return norm

    learner.update = watch
    learner.learn()
    return {
        "shapes": [tuple(weight.shape) for weight in weights],
        "batches": [len(batch) for batch in batches],
        "largest observation": float(np.max(batches)),
        # Adam's first step is as long as its rate.
        "rate": float(f"{np.max(steps[0]):.2g}"),
        "epochs if nothing is gained": count_epochs(settings, 0.0),
        "epochs if something is always gained": count_epochs(settings, 1.0),
        "one environment at a time": is_one_at_a_time(
            configs.make(ENV, algorithm="bc", **settings).learner
        ),
    }


ROWS = [
    Row(
        "policy_hidden",
        (7, 6),
        {"shapes": [(3, 7), (7,), (7, 6), (6,), (6, 1), (1,), (6, 1), (1,)]},
    ),
    Row("batch_size", 7, {"batches": [7, 7]}),
    Row("policy_learning_rate", 0.02, {"rate": 0.02}),
    Row("training_fraction", 0.9, {"batches": [4, 4, 4, 4]}),
    Row("patience", 2, {"epochs if nothing is gained": 3}),
    Row("max_epochs", 5, {"epochs if something is always gained": 5}),
    Row("num_envs", 1, {"one environment at a time": True}),
    Row("observation_limit", 2.0, {"largest observation": 2.0}),
]


def test_each_option_changes_exactly_what_it_says():
    option_table.check_complete(ROWS, CloningOptions)
    option_table.check(ROWS, observe)
