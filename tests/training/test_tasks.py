"""Each of the paper's tasks, with its own settings and demonstrations."""

from typing import Any

import pytest
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.data import demonstrations, experts
from mgail_tf.tasks import TASKS
from mgail_tf.training.build import make_trainer

# One round, of what takes long as little as there can be.
SHORT = {
    "num_trajectories": 1,
    "total_steps": 80,
    "policy_updates": 1,
    "discriminator_updates": 1,
    "forward_model_updates": 1,
    "evaluation_episodes": 1,
    "final_episodes": 1,
    "film_every": 0,
}


# Only this one is traced, as every run is, because to trace takes longer than the round: nothing in
# the others' graphs is not in this one's, or in those of other tests.
TRACED = "Ant"


@pytest.fixture
def eagerly_but_one(env):
    tf.config.run_functions_eagerly(env != TRACED)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("env", TASKS)
def test_every_task_starts(env, tmp_path, eagerly_but_one):
    # Cloning eagerly takes a minute.
    config = configs.make(env, **SHORT, cloned_start=env == TRACED)
    demonstrated = demonstrations.load(experts.demonstrations(env, 1), env, 1)
    trainer: Any = make_trainer(config, demonstrated, tmp_path)
    before = trainer.learner.networks.policy.get_weights()
    result = trainer.train(progress=False)
    assert result["env_steps"] == 80 and result["normalized_return"] is not None
    after = trainer.learner.networks.policy.get_weights()
    assert all((new != old).any() for new, old in zip(after, before, strict=True))
