"""Whatever the spaces are: what is recorded is what is loaded, and what is decided is allowed."""

import json
import pathlib
import tempfile
from typing import Any
import warnings

import any_space
import gymnasium
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np

from mgail_tf.data import demonstrations, fitting, minari_writer
from mgail_tf.envs import space_json
from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.flattening import component_names
from mgail_tf.errors import UserError
from mgail_tf.networks.encoding import action_encoder

QUICK = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@QUICK
@given(any_space.OBSERVATIONS)
def test_json_keeps_a_space_and_names_its_components(space):
    text = json.dumps(space_json.to_json(space), allow_nan=False)
    read = space_json.from_json(json.loads(text))
    assert read == space and list(map(str, [read])) == list(map(str, [space]))
    assert len(component_names(space)) == spaces.flatdim(space)


@QUICK
@given(any_space.OBSERVATIONS, any_space.ACTIONS, st.integers(1, 4), st.booleans())
def test_what_is_recorded_is_what_is_loaded(observations, actions, length, vectors):
    observations.seed(0), actions.seed(0)
    seen = [observations.sample() for _ in range(length + 1)]
    done = np.array([actions.sample() for _ in range(length)])
    flat = np.stack([np.asarray(spaces.flatten(observations, each)) for each in seen])
    recorded = flat if vectors else together(observations, seen)
    name = any_space.register(observations, actions)
    episode = Episode(recorded, done, np.arange(length) / 2, True)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        minari_writer.write([episode], name, pathlib.Path(folder, "mine"))
        loaded = demonstrations.load(pathlib.Path(folder, "mine"), name)
    np.testing.assert_array_equal(loaded.observations, flat[:-1].reshape(length, -1))
    np.testing.assert_array_equal(loaded.next_observations, flat[1:].reshape(length, -1))
    np.testing.assert_array_equal(loaded.actions, done)
    assert loaded.returns == (np.sum(episode.rewards),) and loaded.always_terminate


def together(space: gymnasium.Space, values: list[Any]) -> Any:
    """Observations as Minari has them: arrays in dicts and tuples."""
    if isinstance(space, spaces.Dict):
        return {name: together(part, [v[name] for v in values]) for name, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(together(part, [v[i] for v in values]) for i, part in enumerate(space))
    return np.array(values)


@QUICK
@given(any_space.OBSERVATIONS)
def test_one_observation_is_flattened_as_gymnasium_does(space):
    space.seed(0)
    sample = space.sample()
    expected = np.asarray(spaces.flatten(space, sample))
    np.testing.assert_array_equal(fitting.flattened(space, sample, "it"), expected)


SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
TYPES = st.sampled_from(["<f8", "<f4", "<i8", "|b1", "<U2", "|O", "<c16", "<M8[s]"])


@QUICK
@given(any_space.ACTIONS, SHAPES, TYPES)
def test_values_are_of_their_space_or_refused(space, shape, dtype):
    values = np.zeros(shape, dtype)
    try:
        fitted = fitting.values_of(space, values, "they")
    except UserError as error:
        assert str(error).startswith("they ") and "\n" not in str(error).replace("\n ", " ")
    else:
        assert fitted.shape == (len(values), *space.shape)
        assert fitted.dtype == space.dtype and np.isfinite(fitted).all()
        assert isinstance(space, spaces.Box) or all(map(space.contains, fitted))


@QUICK
@given(any_space.ACTIONS, st.data())
def test_actions_are_decoded_as_they_were_and_always_allowed(space, data):
    import tensorflow as tf

    encoder = action_encoder(space)
    space.seed(0)
    sampled = np.array([space.sample() for _ in range(3)])
    decoded = encoder.decode(encoder.encode(sampled)).numpy()
    tolerance = 1e-6 if sampled.dtype.kind == "f" else 0.0
    np.testing.assert_allclose(decoded, sampled, rtol=tolerance, atol=tolerance)
    numbers = data.draw(arrays.arrays(np.float32, (3, encoder.size), elements=st.floats(width=32)))
    numbers = np.nan_to_num(numbers)
    assert all(map(space.contains, encoder.decode(tf.constant(numbers)).numpy()))
