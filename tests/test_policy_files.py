import shutil

from deployed_policies import SPACES, deployed
import gymnasium
import pytest

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import UserError
from mgail_tf.loaded_policy import load
from mgail_tf.policy_files import read_origin


def test_a_damaged_description_of_the_observations(tmp_path):
    DeployedPolicy(*deployed(SPACES[0]), space=gymnasium.spaces.Discrete(5)).save(tmp_path)
    (tmp_path / "observation.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        load(tmp_path)


def test_says_where_it_comes_from(tmp_path):
    module = DeployedPolicy(*deployed(SPACES[0]))
    module.save(tmp_path / "unknown")
    assert read_origin(tmp_path / "unknown") == {}
    module.origin = {"env_id": "Robot-v0", "measured": None}
    module.save(tmp_path / "known")
    copied = shutil.copytree(tmp_path / "known", tmp_path / "copied")
    assert read_origin(copied) == module.origin
    (copied / "policy.json").write_text("[1")
    with pytest.raises(UserError, match="damaged"):
        read_origin(copied)
