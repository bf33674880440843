"""Whatever a policy is given: it answers for each observation, or refuses in one line."""

import functools

from deployed_policies import SPACES, deployed
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf import loaded_policy
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import UserError

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
DTYPES = st.sampled_from(["<f4", "<f8", "<f2", "<i8", "|u1", "|b1", "<U2", "|O", "<c16"])
FORMS = st.sampled_from([np.asarray, np.ndarray.tolist, tf.convert_to_tensor])


@functools.cache
def policies():
    """A policy that was loaded, and one that a run holds, with the sizes of their observations."""
    loaded = loaded_policy.load(sample_data.EXPERT_DATA / "CartPole" / "expert")
    return {"loaded": (loaded, 4), "of a run": (DeployedPolicy(*deployed(SPACES[0])), 5)}


@pytest.mark.parametrize("kind", ["loaded", "of a run"])
@QUICK
@given(st.one_of(SHAPES, st.sampled_from([(4,), (3, 4), (5,), (2, 5), (0, 4)])), DTYPES, FORMS)
def test_observations_of_any_shape_and_type(kind, shape, dtype, form):
    policy, size = policies()[kind]
    numbers = np.dtype(dtype).kind in "biuf"
    if form is tf.convert_to_tensor and not numbers:
        form = np.asarray
    observation = form(np.zeros(shape, dtype))
    shape = np.shape(observation)  # A list of nothing has lost its own.
    fits = len(shape) in (1, 2) and shape[-1] == size and numbers
    try:
        action = policy.deterministic(observation)
        drawn = policy.stochastic(observation, [0, 1])
    except UserError as error:
        assert not fits
        assert "the policy takes observations of shape" in str(error)
    else:
        assert fits
        assert action.shape[: len(shape) - 1] == drawn.shape[: len(shape) - 1] == shape[:-1]


@pytest.mark.parametrize("kind", ["loaded", "of a run"])
@pytest.mark.parametrize("wrong", [[[1.0], [1.0, 2.0]], {"a": 1}, "left", None, (), [[]]])
def test_what_is_no_observation(kind, wrong):
    policy, _ = policies()[kind]
    for decide in policy.deterministic, lambda observation: policy.stochastic(observation, [0, 1]):
        with pytest.raises(UserError, match="the policy takes observations of shape"):
            decide(wrong)
