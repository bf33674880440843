from ai_edge_litert.interpreter import Interpreter
from deployed_policies import SPACES, deployed
import gymnasium
import numpy as np
import pytest

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.litert import to_litert
from mgail_tf.loaded_policy import load


@pytest.mark.parametrize("space", SPACES)
def test_litert_agrees(space, tmp_path):
    module = DeployedPolicy(*deployed(space))
    module.save(tmp_path / "saved_model")
    (tmp_path / "policy.tflite").write_bytes(to_litert(tmp_path / "saved_model"))
    runner = Interpreter(str(tmp_path / "policy.tflite")).get_signature_runner()
    for batch in 1, 1000:
        raw = np.random.default_rng(batch).normal(scale=3.0, size=(batch, 5)).astype(np.float32)
        expected = module.deterministic(raw).numpy()
        np.testing.assert_allclose(runner(observation=raw)["action"], expected, rtol=0, atol=1e-4)


def test_litert_of_actions_of_64_bits(tmp_path):
    space = gymnasium.spaces.Box(-9.0, 9.0, (2,), np.float64)
    module = DeployedPolicy(*deployed(space, dtype=np.float64))
    module.save(tmp_path)
    runner = Interpreter(model_content=to_litert(tmp_path)).get_signature_runner()
    raw = np.random.default_rng(1).normal(scale=3.0, size=(50, 5))
    expected = module.deterministic(raw).numpy()
    assert expected.dtype == np.float64 and len(np.unique(expected)) > 10
    action = runner(observation=raw.astype(np.float32))["action"]
    np.testing.assert_allclose(action, expected, rtol=0, atol=1e-4)


def test_litert_of_experts_of_earlier_versions(expert_data):
    folder = expert_data / "CartPole" / "expert"
    runner = Interpreter(model_content=to_litert(folder)).get_signature_runner()
    raw = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    actions = runner(observation=raw)["action"]
    expert = load(folder)
    np.testing.assert_array_equal(actions, expert.deterministic(raw))
