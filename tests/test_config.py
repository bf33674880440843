import pytest

from mgail_tf import config as configs
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_papers_preset_gets_to_the_policys_turn(task):
    config = configs.make(task, "paper")
    steps_before = (config.preparation_rounds + config.block_rounds) * 7 * 10
    assert config.total_steps > 10 * steps_before


def test_budget_that_ends_before_the_policys_turn():
    blocks = {"preparation_rounds": 3, "block_rounds": 2, "num_envs": 2, "segment_length": 5}
    configs.make("Hopper", total_steps=60, **blocks)
    with pytest.raises(UserError, match="total_steps=59"):
        configs.make("Hopper", total_steps=59, **blocks)
