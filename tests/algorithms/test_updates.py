import keras
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms.updates import descend, follow, fraction, repeat


def make_network(kernel):
    """y = x @ kernel."""
    network = keras.Sequential([keras.Input([2]), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.array(kernel, np.float32)])
    return network


def test_descend_makes_one_step_down_the_gradient_and_returns_its_norm():
    network = make_network([[1.0], [2.0]])
    optimizer = keras.optimizers.SGD(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(tf.constant([[3.0, 4.0]])))
    norm = descend(tape, loss, network, optimizer)
    assert float(norm) == pytest.approx(5.0)
    np.testing.assert_allclose(network.get_weights()[0], [[0.7], [1.6]], rtol=1e-6)
    assert int(optimizer.iterations) == 1


def test_follow_goes_a_part_of_the_way():
    average, model = make_network([[1.0], [2.0]]), make_network([[5.0], [0.0]])
    follow(average, model, 0.25)
    np.testing.assert_allclose(average.get_weights()[0], [[2.0], [1.5]])
    np.testing.assert_allclose(model.get_weights()[0], [[5.0], [0.0]])


@pytest.mark.parametrize("in_a_graph", [False, True])
def test_repeat_returns_the_means(in_a_graph):
    calls = tf.Variable(0.0)

    def update():
        calls.assign_add(1.0)
        return {"calls": calls.read_value(), "ten": tf.constant(10.0)}

    def three_times():
        return repeat(update, 3)

    means = tf.function(three_times)() if in_a_graph else three_times()
    assert {name: float(mean) for name, mean in means.items()} == {"calls": 2.0, "ten": 10.0}
    assert float(calls) == 3.0
    assert float(repeat(update, 1)["calls"]) == 4.0


def test_fraction_is_that_of_true_values():
    assert float(fraction(tf.constant([True, False, True, True]))) == 0.75
