"""Which SavedModels reach beyond their own numbers."""

from deployed_policies import SPACES, deployed
import pytest
import tensorflow as tf

from mgail_tf import loaded_policy
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import DataWarning, UserError
from mgail_tf.saved_program import beyond_computing


def write(text):
    tf.io.write_file("written", text)
    return text


def show(text):
    tf.print(text)
    return text


def restore(text):
    return tf.raw_ops.RestoreV2(
        prefix=text, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32]
    )


@pytest.mark.parametrize(
    ("does", "operation"),
    [
        (write, "WriteFile"),
        (lambda text: tf.io.read_file(text), "ReadFile"),
        (lambda text: tf.io.matching_files(text), "MatchingFiles"),
        (lambda text: tf.numpy_function(lambda name: name, [text], tf.string), "PyFunc"),
        (show, "PrintV2"),
        (restore, "RestoreV2"),
    ],
)
def test_what_reaches_beyond_is_told_before_it_is_loaded(does, operation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = tf.Module()
    signature = [tf.TensorSpec([], tf.string)]
    module.deterministic = tf.function(does, input_signature=signature)
    tf.saved_model.save(module, tmp_path / "model")
    assert operation in beyond_computing(tmp_path / "model")
    # What it lacks is told, too; it is no policy.
    with (
        pytest.warns(DataWarning, match=f"can do more than compute.*{operation}.*trust") as told,
        pytest.raises(UserError, match="not a SavedModel of a policy"),
    ):
        loaded_policy.load(tmp_path / "model")
    assert len(told) == 1 and "\n" not in str(told[0].message)
    assert not (tmp_path / "written").exists()


def test_a_policy_that_writes_its_weights_is_told(tmp_path):
    def save(text):
        tf.raw_ops.SaveV2(
            prefix=text, tensor_names=["a"], shape_and_slices=[""], tensors=[tf.zeros([1])]
        )
        return text

    # It is called as TensorFlow's own function is, which nobody calls.
    save.__name__ = "_traced_save"
    inner = tf.function(save, input_signature=[tf.TensorSpec([], tf.string)])
    module = tf.Module()
    module.deterministic = tf.function(
        lambda text: inner(text), input_signature=[tf.TensorSpec([], tf.string)]
    )
    tf.saved_model.save(module, tmp_path)
    assert "SaveV2" in beyond_computing(tmp_path)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_our_exports_only_compute(space, tmp_path, recwarn):
    DeployedPolicy(*deployed(space)).save(tmp_path)
    assert beyond_computing(tmp_path) == []
    loaded_policy.load(tmp_path)
    assert not [each for each in recwarn if issubclass(each.category, DataWarning)]


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, None])
def test_of_damaged_ones_nothing_is_known(content, tmp_path):
    if content is not None:
        (tmp_path / "saved_model.pb").write_bytes(content)
    assert beyond_computing(tmp_path) == []
