import os

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.loaded_policy import load
from mgail_tf.networks.encoding import DiscreteActionEncoder, ObservationEncoder
from mgail_tf.networks.policy import CategoricalPolicy
from mgail_tf.training.export import Export

OBSERVATIONS = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)


@pytest.fixture
def network():
    policy = CategoricalPolicy(4, [8])
    policy(OBSERVATIONS)
    return policy


@pytest.fixture
def policy(network):
    encoder = ObservationEncoder(np.zeros(3), np.ones(3), 10.0)
    return DeployedPolicy(network, encoder, DiscreteActionEncoder(gymnasium.spaces.Discrete(4)))


def change(network, seed):
    generator = np.random.default_rng(seed)
    network.set_weights([generator.normal(size=w.shape) for w in network.get_weights()])


def acted(folder):
    loaded = load(folder)
    return loaded.deterministic(OBSERVATIONS).numpy()


def served(folder):
    """The actions that TensorFlow Serving's loader gives, which knows nothing of Python objects."""
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        signature = graph.signature_def["serve"]
        given = {signature.inputs["observation"].name: OBSERVATIONS}
        return session.run(signature.outputs["action"].name, given)


def test_each_writing_leaves_the_policy_as_it_is_then(network, policy, tmp_path):
    folder = tmp_path / "saved_model"
    export = Export(policy, folder)
    export.write()
    # The first time as later: a run that is resumed has a first time again.
    first = export.weights()
    export.write()
    assert export.weights() == first
    whole, program = tf.train.list_variables(str(folder / "variables/variables")), []
    for seed in range(2):
        program.append((folder / "saved_model.pb").read_bytes())
        before = acted(folder)
        change(network, seed)
        export.write()
        expected = policy.deterministic(OBSERVATIONS).numpy()
        assert (acted(folder) == expected).all()
        assert (served(folder) == expected).all()
        assert (before != expected).any()
    assert program[0] == program[1]
    assert tf.train.list_variables(str(folder / "variables/variables")) == whole
    assert os.listdir(tmp_path) == ["saved_model"]


def test_what_another_process_left_is_replaced_as_a_whole(policy, tmp_path):
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "left").write_text("from another policy")
    Export(policy, tmp_path / "saved_model").write()
    assert not (tmp_path / "saved_model" / "left").exists()
    assert acted(tmp_path / "saved_model").shape == (200,)
    assert os.listdir(tmp_path) == ["saved_model"]


def test_a_folder_that_was_removed_is_written_anew(policy, tmp_path):
    export = Export(policy, tmp_path / "saved_model")
    export.write()
    os.rename(tmp_path / "saved_model", tmp_path / "taken")
    export.write()
    assert acted(tmp_path / "saved_model").shape == (200,)


def test_a_policy_that_was_written_before_comes_back(network, policy, tmp_path):
    folder = tmp_path / "saved_model"
    export = Export(policy, folder)
    export.write()
    before, weights = acted(folder), export.weights()
    change(network, 0)
    export.write()
    assert (acted(folder) != before).any()
    # By the one who wrote it, and by another process, which writes the program anew.
    for writer in export, Export(policy, folder):
        export.write()
        writer.write(weights)
        assert (acted(folder) == before).all() and (served(folder) == before).all()
    assert os.listdir(tmp_path) == ["saved_model"]
