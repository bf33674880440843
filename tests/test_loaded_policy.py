from typing import Any

from deployed_policies import SPACES, deployed
import gymnasium
import numpy as np
import pytest

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import UserError
from mgail_tf.loaded_policy import load

GEAR = gymnasium.spaces.Discrete(3, start=1)
ROBOT = gymnasium.spaces.Dict(
    [
        ("pose", gymnasium.spaces.Box(-np.inf, np.inf, (1, 2), np.float64)),
        ("gear", GEAR),
    ]
)


def test_a_loaded_policy_takes_observations_of_the_space(tmp_path):
    DeployedPolicy(*deployed(SPACES[0]), space=ROBOT).save(tmp_path)
    policy = load(tmp_path)
    assert policy.space == ROBOT
    assert policy.components == ["pose[0,0]", "pose[0,1]", "gear=1", "gear=2", "gear=3"]
    vector = np.array([[0.3, -0.2, 0.0, 0.0, 1.0]])
    expected = policy.deterministic(vector)
    assert expected.shape == (1, 2)
    sample = {"gear": np.int64(3), "pose": np.array([[0.3, -0.2]])}
    for observation in sample, vector[0], vector[0].tolist():
        np.testing.assert_array_equal(policy.deterministic(observation), expected[0])
    drawn = policy.stochastic(vector, [0, 1])[0]
    np.testing.assert_array_equal(policy.stochastic(sample, [0, 1]), drawn)
    with pytest.raises(UserError, match=r"shape \(5,\), or of Dict.*this one is of \(4,\)"):
        policy.deterministic(vector[0, :4])


@pytest.mark.parametrize(
    ("space", "sample"),
    [
        (gymnasium.spaces.Discrete(5), 3),
        (gymnasium.spaces.MultiDiscrete([2, 3]), np.array([1, 2])),
        (gymnasium.spaces.Tuple([gymnasium.spaces.Discrete(2), GEAR]), (1, 3)),
        (gymnasium.spaces.Box(0, 9, (5, 1), np.uint8), np.arange(5)[:, None]),
    ],
)
def test_single_observations_of_other_spaces(space, sample, tmp_path):
    DeployedPolicy(*deployed(SPACES[0]), space=space).save(tmp_path)
    policy = load(tmp_path)
    vector: Any = gymnasium.spaces.flatten(space, sample)
    expected = policy.deterministic(vector[None])[0]
    np.testing.assert_array_equal(policy.deterministic(sample), expected)


def test_experts_of_earlier_versions_take_64_bits_too(expert_data):
    expert = load(expert_data / "HalfCheetah" / "expert")
    raw = np.random.default_rng(0).normal(size=(5, 17))
    expected = expert.deterministic(raw.astype(np.float32))
    np.testing.assert_allclose(expert.deterministic(raw), expected, atol=1e-6)


def test_loading_something_else(tmp_path):
    with pytest.raises(UserError, match="SavedModel"):
        load(tmp_path)
