import shutil

from deployed_policies import SPACES, deployed
import gymnasium
from programs import python
import pytest

from mgail_tf import policy_files
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


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("evaluate", ["--saved_model"]),
        ("collect_demonstrations", ["--num_trajectories=1", "--out=mine", "--policy"]),
    ],
)
def test_a_policy_is_refused_before_tensorflow_is_imported(
    command, arguments, expert_data, tmp_path
):
    told = ["", "--env=Walker2d", *arguments, str(expert_data / "HalfCheetah" / "expert")]
    program = f"""
import sys
from mgail_tf.commands import {command} as command
sys.argv = {told}
try:
    command.program()
except SystemExit as leaving:
    assert leaving.code == 2
assert "tensorflow" not in sys.modules
"""
    done = python("-c", program, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    [line] = done.stderr.splitlines()
    assert "is of another environment than Walker2d-v5" in line


def test_a_runs_folder_is_as_good_as_its_policys(tmp_path):
    (tmp_path / "saved_model").mkdir()
    with pytest.raises(UserError, match="not a SavedModel"):
        policy_files.find(tmp_path)
    (tmp_path / "saved_model" / "saved_model.pb").touch()
    assert policy_files.find(tmp_path) == policy_files.find(tmp_path / "saved_model")


@pytest.mark.parametrize("name", ["back\\slash", "latin\udce9"])
def test_a_path_that_tensorflow_cannot_use(tmp_path, name):
    DeployedPolicy(*deployed(SPACES[0])).save(tmp_path / "policy")
    (tmp_path / "policy").rename(tmp_path / name)
    with pytest.raises(UserError, match="TensorFlow cannot use a path"):
        policy_files.find(tmp_path / name)
