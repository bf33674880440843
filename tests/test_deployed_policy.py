import json
import shutil
import subprocess
import sys

from ai_edge_litert.interpreter import Interpreter
import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.deployed_policy import DeployedPolicy, load, read_origin, to_litert
from mgail_tf.errors import UserError
from mgail_tf.networks import encoding
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy

# Blocked imports leave no way to find the package or TFP.
LOAD = """
import sys
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


def deployed(space):
    generator = np.random.default_rng(0)
    mean, stddev = generator.normal(size=5), generator.uniform(1, 2, 5)
    observations = encoding.ObservationEncoder(mean, stddev, 10.0)
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
