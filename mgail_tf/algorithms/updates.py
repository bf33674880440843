"""What the updates of all networks have in common."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def descend(
    tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model, optimizer: Any
) -> tf.Tensor:
    """Makes one step down the loss's gradient; returns the gradient's norm, a scalar."""
    gradients = tape.gradient(loss, network.trainable_variables)
    optimizer.apply(gradients, network.trainable_variables)
    return tf.linalg.global_norm(gradients)


def follow(average: keras.Model, model: keras.Model, step: Any) -> None:
    """Moves the weights of an average by this part of the way to those of the model."""
    for slow, weight in zip(average.trainable_variables, model.trainable_variables, strict=True):
        slow.assign_add(step * (weight - slow))


def repeat(update: Callable[[], dict[str, tf.Tensor]], times: int) -> dict[str, tf.Tensor]:
    """Calls an update so many times, in the graph: the means of the metrics that it returns."""
    # The loop is a loop of the graph without autograph, which would take seconds to translate all
    # that is called in it. The update is traced once, although there are two calls.
    traced = tf.function(update, autograph=False)

    def add(done, total):
        return done + 1, tf.nest.map_structure(tf.add, total, traced())

    _, total = tf.while_loop(lambda done, _: done < times, add, (1, traced()))
    return {name: value / times for name, value in total.items()}


def fraction(condition: tf.Tensor) -> tf.Tensor:
    """The fraction of true values, a scalar."""
    return tf.reduce_mean(tf.cast(condition, tf.float32))
