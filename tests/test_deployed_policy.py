import json
import shutil
import subprocess
import sys
from typing import Any

from ai_edge_litert.interpreter import Interpreter
import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.deployed_policy import DeployedPolicy, hardly_resolved, load, read_origin, to_litert
from mgail_tf.errors import UserError
from mgail_tf.networks import encoding
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy

# Blocked imports leave no way to find the package or TFP.
LOAD = """
import sys
from typing import Any
for name in "mgail_tf", "tensorflow_probability", "tf_keras":
    sys.modules[name] = None
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
observations = np.load(sys.argv[2])
signature = loaded.signatures["serving_default"](observation=tf.constant(observations))
np.savez(
    sys.argv[3],
    function=loaded.deterministic(observations),
    signature=signature["action"],
    stochastic=loaded.stochastic(observations, [1, 2]),
)
"""


def deployed(space, offset=0.0, dtype: Any = np.float32):
    generator = np.random.default_rng(0)
    mean, stddev = generator.normal(size=5) + offset, generator.uniform(1, 2, 5)
    observations = encoding.ObservationEncoder(mean, stddev, 10.0, dtype)
    actions = encoding.action_encoder(space, 0.3, 0.7)
    if isinstance(space, gymnasium.spaces.Discrete):
        policy = CategoricalPolicy(actions.size, [16, 16])
    else:
        policy = GaussianPolicy(actions.size, [16, 16], 0.2, low=actions.low, high=actions.high)
    policy(tf.zeros([1, 5]))
    policy.set_weights([generator.normal(size=w.shape) for w in policy.get_weights()])
    return policy, observations, actions


SPACES = [
    gymnasium.spaces.Box(np.array([-1.0, -3.0], np.float32), np.array([2.0, np.inf], np.float32)),
    gymnasium.spaces.Discrete(4, start=-1),
]


@pytest.mark.parametrize("space", SPACES)
def test_saved_model_gives_the_policys_actions_without_the_library(space, tmp_path):
    policy, observations, actions = deployed(space)
    module = DeployedPolicy(policy, observations, actions)
    module.save(tmp_path / "saved_model")
    raw = np.random.default_rng(1).normal(scale=5.0, size=(1000, 5)).astype(np.float32)
    np.save(tmp_path / "observations.npy", raw)
    files = [str(tmp_path / name) for name in ("saved_model", "observations.npy", "actions.npz")]
    subprocess.run([sys.executable, "-c", LOAD, *files], check=True, cwd=tmp_path)

    loaded = np.load(tmp_path / "actions.npz")
    expected = actions.decode(policy.mode(observations.encode(raw))).numpy()
    assert all(space.contains(action) for action in expected)
    assert len(np.unique(expected, axis=0)) > 1
    np.testing.assert_allclose(loaded["function"], expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(loaded["signature"], expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        loaded["stochastic"], module.stochastic(raw, [1, 2]), rtol=0, atol=1e-6
    )
    assert (loaded["stochastic"] != loaded["function"]).any()


def serve(saved_model, body):
    """What TensorFlow Serving does with a REST request and its answer, in-process."""
    request = json.loads(body)
    signature = saved_model.signatures[request.get("signature_name", "serving_default")]
    specs = signature.structured_input_signature[1]
    if "instances" in request:
        # By rows; of a single input the name may be left out.
        kind, [name] = "predictions", specs
        inputs = {name: request["instances"]}
    else:
        kind, inputs = "outputs", request["inputs"]
    inputs = {name: tf.constant(values, specs[name].dtype) for name, values in inputs.items()}
    [answer] = signature(**inputs).values()
    return json.dumps({kind: answer.numpy().tolist()})


@pytest.mark.parametrize("signature", ["serve", None])
@pytest.mark.parametrize("space", SPACES)
def test_serves_rest_requests(space, signature, tmp_path):
    policy, observations, actions = deployed(space)
    DeployedPolicy(policy, observations, actions).save(tmp_path)
    raw = np.random.default_rng(2).normal(size=(7, 5)).round(3)
    request = {"instances": raw.tolist()} | ({"signature_name": signature} if signature else {})
    answer = json.loads(serve(tf.saved_model.load(str(tmp_path)), json.dumps(request)))
    expected = actions.decode(policy.mode(observations.encode(raw.astype(np.float32))))
    np.testing.assert_allclose(answer["predictions"], expected, atol=1e-6)


def test_serves_drawn_actions(tmp_path):
    module = DeployedPolicy(*deployed(gymnasium.spaces.Box(-np.inf, np.inf, (2,))))
    module.save(tmp_path)
    inputs = {"observation": [[0.5, 0.4, 0.3, 0.2, 0.1]] * 3, "seed": [0, 7]}
    request = {"signature_name": "stochastic", "inputs": inputs}
    answer = json.loads(serve(tf.saved_model.load(str(tmp_path)), json.dumps(request)))
    expected = module.stochastic(np.float32(inputs["observation"]), np.int32(inputs["seed"]))
    np.testing.assert_allclose(answer["outputs"], expected, atol=1e-6)
    assert len(np.unique(answer["outputs"], axis=0)) == 3


def test_signatures(tmp_path):
    DeployedPolicy(*deployed(SPACES[0])).save(tmp_path)
    signatures = tf.saved_model.load(str(tmp_path)).signatures
    assert set(signatures) == {"serve", "serving_default", "deterministic", "stochastic"}
    for signature in signatures.values():
        assert list(signature.structured_outputs) == ["action"]


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


def test_takes_either_float_type_and_calculates_in_it(tmp_path):
    offset, space = 5.8e6, gymnasium.spaces.Box(-np.inf, np.inf, (2,))
    module = DeployedPolicy(*deployed(space, offset, np.float64))
    # Whatever it is used with first.
    module.deterministic(np.zeros([1, 5], np.float32))
    module.save(tmp_path)
    raw = np.random.default_rng(1).normal(size=(20, 5))
    expected = DeployedPolicy(*deployed(space)).deterministic(raw).numpy()
    loaded: Any = load(tmp_path)
    assert hardly_resolved(loaded) == [0, 1, 2, 3, 4]
    [spec] = loaded.signatures["serving_default"].structured_input_signature[1].values()
    assert spec.dtype == tf.float64
    for act in module, loaded:
        exact = raw + offset
        for same in exact, exact.tolist(), tf.constant(exact):
            np.testing.assert_allclose(act.deterministic(same), expected, atol=1e-4)
            assert act.stochastic(same, [0, 1]).shape == (20, 2)
        # 32 bits resolve 0.5 there.
        rounded = exact.astype(np.float32)
        for same in rounded, tf.constant(rounded):
            difference = np.abs(act.deterministic(same).numpy() - expected).max()
            assert difference > 1e-2 and act.stochastic(same, [0, 1]).shape == (20, 2)


def test_callers_of_either_type_agree_where_32_bits_suffice(tmp_path):
    for dtype in np.float32, np.float64:
        module = DeployedPolicy(*deployed(SPACES[0], dtype=dtype))
        module.save(tmp_path / str(dtype))
        loaded: Any = load(tmp_path / str(dtype))
        assert not hardly_resolved(loaded)
        raw = np.random.default_rng(1).integers(-3, 3, size=(20, 5))
        expected = module.deterministic(raw).numpy()
        for act in module, loaded:
            for same in raw.astype(np.float64), raw.astype(np.float32), raw.tolist():
                for given in same, tf.constant(same):
                    if isinstance(same, list) and tf.is_tensor(given):
                        continue  # Whole numbers.
                    np.testing.assert_allclose(act.deterministic(given), expected, atol=1e-6)


def test_programs_are_traced_once_for_each_type():
    module = DeployedPolicy(*deployed(SPACES[0]))
    for batch in 1, 7:
        for dtype in np.float32, np.float64, np.int64, np.float16:
            module.deterministic(np.zeros([batch, 5], dtype))
    assert module._deterministic.experimental_get_tracing_count() == 2


def test_experts_of_earlier_versions_take_64_bits_too(expert_data):
    expert = load(expert_data / "HalfCheetah" / "expert")
    raw = np.random.default_rng(0).normal(size=(5, 17))
    expected = expert.deterministic(raw.astype(np.float32))
    np.testing.assert_allclose(expert.deterministic(raw), expected, atol=1e-6)


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


def test_loading_something_else(tmp_path):
    with pytest.raises(UserError, match="SavedModel"):
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
