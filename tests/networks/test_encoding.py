from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.networks.encoding import BoxActionEncoder, ObservationEncoder, action_encoder

INFINITY = float("inf")


def test_observations_are_normalized():
    mean, stddev = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, 1.0])
    observation = np.array([[2.0, -2.0, 0.0], [1.5, 2.0, 3.5]])  # 64 bits, as many environments'.
    encoded = ObservationEncoder(mean, stddev, 10.0).encode(observation)
    assert encoded.dtype == tf.float32
    np.testing.assert_allclose(encoded, [[2.0, 0.0, -3.0], [1.0, 1.0, 0.5]], rtol=1e-6)


def test_observations_are_clipped_once_normalized():
    observations = ObservationEncoder(np.array([100.0, 0.0]), np.array([0.1, 50.0]), 5.0)
    observation = np.array([[100.4, 240.0], [101.0, 260.0], [0.0, -1e9]], np.float32)
    np.testing.assert_allclose(
        observations.encode(observation), [[4.0, 4.8], [5.0, 5.0], [-5.0, -5.0]], rtol=1e-4
    )


def test_constant_observations_are_shifted_only():
    observations = ObservationEncoder(np.array([7.0, 1.0]), np.array([0.0, 2.0]), 10.0)
    encoded = observations.encode(np.array([[7.0, 1.0], [7.5, 3.0]], np.float32))
    np.testing.assert_allclose(encoded, [[0.0, 0.0], [0.5, 1.0]])


def box_encoder(*arguments) -> BoxActionEncoder:
    encoder = action_encoder(*arguments)
    assert isinstance(encoder, BoxActionEncoder)
    return encoder


def float_box(low: list[float], high: list[float]) -> Box:
    return Box(np.array(low, np.float32), np.array(high, np.float32))


BOXES = {
    "symmetric": Box(-1.0, 1.0, (3,)),
    "asymmetric": float_box([-1.0, 0.0, -0.1], [0.5, 20.0, 0.3]),
    "half infinite": float_box([-INFINITY, 0.0, -INFINITY], [1.0, INFINITY, INFINITY]),
    "64 bits": Box(-0.4, 0.4, (3,), np.float64),
}
MEAN, STDDEV = np.array([0.1, 2.0, 0.0]), np.array([0.3, 5.0, 0.0])


@pytest.mark.parametrize("box", BOXES)
def test_box_round_trip(box):
    space = BOXES[box]
    space.seed(0)
    actions = action_encoder(space, MEAN, STDDEV)
    assert actions.size == 3
    action = np.stack([space.sample() for _ in range(50)])
    encoded = actions.encode(action)
    assert encoded.dtype == tf.float32
    # The third component never varied: it is shifted only.
    expected = (action - MEAN) / [0.3, 5.0, 1.0]
    np.testing.assert_allclose(encoded, expected, rtol=1e-5, atol=1e-6)
    decoded = actions.decode(encoded).numpy()
    assert decoded.dtype == space.dtype
    np.testing.assert_allclose(decoded, action, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("box", BOXES)
def test_box_bounds(box):
    space = BOXES[box]
    actions = box_encoder(space, MEAN, STDDEV)
    scale = np.array([0.3, 5.0, 1.0])
    np.testing.assert_allclose(actions.low, (space.low - MEAN) / scale, rtol=1e-5)
    np.testing.assert_allclose(actions.high, (space.high - MEAN) / scale, rtol=1e-5)
    far = np.array([[-1e6] * 3, [1e6] * 3, [1e6, -1e6, 0.0]], np.float32)
    decoded = actions.decode(tf.constant(far)).numpy()
    np.testing.assert_allclose(
        decoded, np.clip(far * scale + MEAN, space.low, space.high), rtol=1e-5
    )
    # `contains` allows for no rounding.
    assert all(space.contains(action) for action in decoded)


def test_box_without_statistics_is_only_clipped():
    actions = action_encoder(Box(-2.0, 2.0, (2,)))
    np.testing.assert_array_equal(actions.encode(np.array([0.5, -2.0], np.float32)), [0.5, -2.0])
    np.testing.assert_array_equal(actions.decode(tf.constant([0.5, -3.0])), [0.5, -2.0])


@pytest.mark.parametrize("start", [0, 2, -1])
def test_discrete_round_trip(start):
    space = Discrete(3, start=start)
    actions = action_encoder(space)
    assert actions.size == 3
    action = np.array([start + 2, start, start + 1])
    assert actions.discrete and not action_encoder(BOXES["symmetric"]).discrete
    encoded = actions.encode(action)
    np.testing.assert_array_equal(encoded, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    decoded = actions.decode(encoded).numpy()
    assert decoded.dtype == space.dtype
    np.testing.assert_array_equal(decoded, action)
    assert all(space.contains(each) for each in decoded)


def test_several_choices_are_one_hot_vectors_in_a_row():
    actions = action_encoder(MultiDiscrete([3, 2], start=[1, -1]))
    action = np.array([[1, 0], [3, -1]])
    np.testing.assert_array_equal(actions.encode(action), [[1, 0, 0, 0, 1], [0, 0, 1, 1, 0]])
    switches = action_encoder(MultiBinary(2))
    np.testing.assert_array_equal(switches.encode(np.array([[1, 0]], np.int8)), [[0, 1, 1, 0]])


CHOICES = {
    "several": MultiDiscrete([3, 2, 4], start=[1, -1, 0]),
    "a table": MultiDiscrete(np.array([[3, 2], [2, 4]]), dtype=np.int32),
    "switches": MultiBinary(4),
    "a table of switches": MultiBinary((2, 3)),
}


@pytest.mark.parametrize("name", CHOICES)
def test_round_trip_of_several_choices(name):
    space = CHOICES[name]
    space.seed(0)
    action = np.stack([[space.sample() for _ in range(5)] for _ in range(7)])
    actions = action_encoder(space)
    encoded = actions.encode(action).numpy()
    assert encoded.shape == (7, 5, actions.size) and encoded.dtype == np.float32
    decoded = actions.decode(tf.constant(encoded)).numpy()
    assert decoded.dtype == space.dtype
    np.testing.assert_array_equal(decoded, action)
    assert all(space.contains(each) for each in decoded[0])


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_continuous_actions_of_any_shape(shape):
    rng = np.random.default_rng(0)
    space = Box(-1.0, 1.0, shape)
    mean, stddev = rng.uniform(-0.1, 0.1, shape), rng.uniform(0.5, 1.0, shape)
    actions = box_encoder(space, mean, stddev)
    action = rng.uniform(-1.0, 1.0, (4, 5, *shape))
    encoded = actions.encode(action)
    expected = ((action - mean) / stddev).reshape(4, 5, -1)
    np.testing.assert_allclose(encoded, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(actions.decode(encoded), action, rtol=1e-4, atol=1e-6)
    assert all(space.contains(each) for each in actions.decode(9.0 * encoded)[0].numpy())


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_whole_numbered_actions_are_rounded_within_their_bounds(dtype):
    actions = action_encoder(Box(0, 4, (1,), dtype), 1.0, 2.0)
    raw = tf.constant([[-300.0], [-0.6], [0.4], [1.6], [3.4], [4.2], [300.0]])
    decoded = actions.decode((raw - 1.0) / 2.0).numpy()
    assert decoded.dtype == dtype
    np.testing.assert_array_equal(decoded[:, 0], [0, 0, 0, 2, 3, 4, 4])


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_whole_numbered_actions_are_seen_as_executed(dtype):
    actions = box_encoder(Box(0, 4, (2,), dtype), np.array([1.2, 0.3]), np.array([2.0, 0.7]))
    raw = np.random.default_rng(0).uniform(-0.49, 4.49, (500, 2))
    chosen = actions.encode(raw)
    # Exactly, not to rounding: the discriminator compares them with the demonstrations'.
    recorded = actions.encode(actions.decode(chosen))
    assert len(np.unique(recorded)) == 2 * 5
    slopes = tf.reshape(tf.range(1000.0), (500, 2))
    with tf.GradientTape() as tape:
        tape.watch(chosen)
        executed = actions.executed(chosen)
        cost = tf.reduce_sum(slopes * executed)
    np.testing.assert_array_equal(executed, recorded)
    np.testing.assert_array_equal(tape.gradient(cost, chosen), slopes)


def test_other_actions_are_executed_as_they_are():
    actions = box_encoder(Box(-2.0, 2.0, (2,)), 0.3, 0.7)
    action = tf.constant([[0.123, -1.9]])
    np.testing.assert_array_equal(actions.executed(action), action)
