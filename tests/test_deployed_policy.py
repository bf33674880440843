import json
import subprocess
import sys
from typing import Any

from deployed_policies import SPACES, deployed
import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.litert import hardly_resolved
from mgail_tf.loaded_policy import load

# For each folder with a policy. Blocked imports leave no way to find the package or TFP.
LOAD = """
import sys
from typing import Any
for name in "mgail_tf", "tensorflow_probability", "tf_keras":
    sys.modules[name] = None
import numpy as np, tensorflow as tf
observations = np.load("observations.npy")
for folder in sys.argv[1:]:
    loaded = tf.saved_model.load(folder)
    signature = loaded.signatures["serving_default"](observation=tf.constant(observations))
    np.savez(
        folder + ".npz",
        function=loaded.deterministic(observations),
        signature=signature["action"],
        stochastic=loaded.stochastic(observations, [1, 2]),
        single=loaded.deterministic(observations[3]),
        single_stochastic=loaded.stochastic(observations[3], [1, 2]),
    )
"""
# The spaces are told apart by their numbers.
each_space = pytest.mark.parametrize("number", range(len(SPACES)), ids=map(str, SPACES))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a policy for each space, and with observations; what is in each policy."""
    folder, parts = tmp_path_factory.mktemp("saved"), []
    for number, space in enumerate(SPACES):
        parts.append(deployed(space))
        DeployedPolicy(*parts[-1]).save(folder / str(number))
    raw = np.random.default_rng(1).normal(scale=5.0, size=(1000, 5)).astype(np.float32)
    np.save(folder / "observations.npy", raw)
    return folder, parts


@pytest.fixture(scope="module")
def acted(saved):
    """What the policies do in a process without the library; it is in the folder, too."""
    folder, parts = saved
    folders = map(str, range(len(parts)))
    subprocess.run([sys.executable, "-c", LOAD, *folders], check=True, cwd=folder)
    return saved


@each_space
def test_saved_model_gives_the_policys_actions_without_the_library(number, acted):
    folder, parts = acted
    space, (policy, observations, actions) = SPACES[number], parts[number]
    module = DeployedPolicy(policy, observations, actions)
    raw = np.load(folder / "observations.npy")
    loaded = np.load(folder / f"{number}.npz")
    expected = actions.decode(policy.mode(observations.encode(raw))).numpy()
    assert all(space.contains(action) for action in expected)
    assert len(np.unique(expected, axis=0)) > 1
    np.testing.assert_allclose(loaded["function"], expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(loaded["signature"], expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        loaded["stochastic"], module.stochastic(raw, [1, 2]), rtol=0, atol=1e-6
    )
    assert (loaded["stochastic"] != loaded["function"]).any()
    # A single observation needs no batch around it.
    np.testing.assert_allclose(loaded["single"], expected[3], rtol=0, atol=1e-6)
    np.testing.assert_allclose(module.deterministic(raw[3]), expected[3], rtol=0, atol=1e-6)
    one_drawn = module.stochastic(raw[3:4], [1, 2])[0]
    np.testing.assert_allclose(loaded["single_stochastic"], one_drawn, rtol=0, atol=1e-6)
    np.testing.assert_allclose(module.stochastic(raw[3], [1, 2]), one_drawn, rtol=0, atol=1e-6)


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
@each_space
def test_serves_rest_requests(number, signature, saved):
    folder, parts = saved
    policy, observations, actions = parts[number]
    raw = np.random.default_rng(2).normal(size=(7, 5)).round(3)
    request = {"instances": raw.tolist()} | ({"signature_name": signature} if signature else {})
    answer = json.loads(serve(tf.saved_model.load(str(folder / str(number))), json.dumps(request)))
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


def test_signatures(saved):
    folder, _ = saved
    signatures = tf.saved_model.load(str(folder / "0")).signatures
    assert set(signatures) == {"serve", "serving_default", "deterministic", "stochastic"}
    for signature in signatures.values():
        assert list(signature.structured_outputs) == ["action"]


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
