from typing import Any

from deployed_policies import SPACES, deployed
import gymnasium
import numpy as np
import pytest

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import UserError
from mgail_tf.loaded_policy import load, sampler, with_noise

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


def test_drawing_traces_nothing_anew(tmp_path):
    DeployedPolicy(*deployed(SPACES[0])).save(tmp_path)
    policy = load(tmp_path)
    raw = np.zeros([1, 5])
    policy.stochastic(raw, [7, 0])
    count = policy.saved.stochastic.experimental_get_tracing_count()
    for step in range(3):
        policy.stochastic(raw, [7, step])
    assert policy.saved.stochastic.experimental_get_tracing_count() == count


WIDE = gymnasium.spaces.Box(-1e3, 1e3, (2,))
RAW = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_noise_is_the_policys_own_times_a_factor(scale, tmp_path):
    DeployedPolicy(*deployed(WIDE)).save(tmp_path)
    policy = load(tmp_path)
    likely, drawn = np.asarray(policy.deterministic(RAW)), np.asarray(sampler(policy, 7)(RAW))
    expected = likely + scale * (drawn - likely)
    act = with_noise(policy, scale, WIDE, 7)
    np.testing.assert_allclose(np.asarray(act(RAW)), expected, rtol=1e-5)
    # Each call draws anew.
    assert (np.asarray(act(RAW)) == np.asarray(act(RAW))).all() == (scale == 0.0)


def test_more_noise_stays_within_the_bounds(tmp_path):
    DeployedPolicy(*deployed(SPACES[0])).save(tmp_path)
    actions = np.asarray(with_noise(load(tmp_path), 1e3, SPACES[0], 7)(RAW))
    assert all(map(SPACES[0].contains, actions))
    assert (actions[:, 0] == -1.0).any() or (actions[:, 0] == 2.0).any()


@pytest.mark.parametrize(
    "space", [*SPACES[1:], gymnasium.spaces.Box(-3, 3, (2,), np.int64)], ids=str
)
def test_noise_of_choices_has_no_scale(space, tmp_path):
    DeployedPolicy(*deployed(space)).save(tmp_path)
    policy = load(tmp_path)
    with pytest.raises(UserError, match="(?s)noise_scale=2.*has no scale"):
        with_noise(policy, 2.0, space, 7)
    np.testing.assert_array_equal(with_noise(policy, 1.0, space, 7)(RAW), sampler(policy, 7)(RAW))
