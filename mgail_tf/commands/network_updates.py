"""What one update of each network costs by itself: its time, and its arithmetic."""

from collections.abc import Mapping
import functools
import time
from typing import Any, NamedTuple

import tensorflow as tf

from mgail_tf.algorithms import authors_updates
from mgail_tf.algorithms.authors import AuthorsLoop
from mgail_tf.algorithms.mgail import MGAIL


class NetworkUpdate(NamedTuple):
    """One network's update.

    Attributes:
      update: a `tf.function`, compiled as the run compiles it.
      countable: the same without XLA, which would hide its operations.
      arguments: a real batch.
    """

    update: Any
    countable: Any
    arguments: tuple[Any, ...]


def of(
    learner: MGAIL | AuthorsLoop, last_arguments: Mapping[str, tuple[Any, ...]]
) -> dict[str, NetworkUpdate]:
    """The updates of a learner that has learned for a while, by network.

    Args:
      learner: the learner; the updates change its weights.
      last_arguments: what its methods were called with last, by their names.
    """
    if isinstance(learner, MGAIL):
        sampler = learner.sampler
        segments = sampler.for_policy(), sampler.for_cloning(), tf.constant(1.0)
        return {
            # V learns with the policy, from the same rollout.
            "policy": _as_it_is(learner.update_policy, segments),
            "discriminator": _as_it_is(learner.update_discriminator, sampler.for_discriminator()),
            "forward_model": _as_it_is(
                learner.update_forward_model, (sampler.for_forward_model(),)
            ),
        }
    networks, options = learner.networks, learner.options
    _, segments = last_arguments["update_with_policy"]
    batch, *pairs = last_arguments["update_with_discriminator"]
    return {
        "policy": _compiled(
            authors_updates.update_policy, networks, "policy", (segments,), options=options
        ),
        "discriminator": _compiled(
            authors_updates.update_discriminator,
            networks,
            "discriminator",
            tuple(pairs),
            options=options,
        ),
        "forward_model": _compiled(
            authors_updates.update_forward_model, networks, "forward_model", (batch,)
        ),
    }


def _as_it_is(update: Any, arguments: tuple[Any, ...]) -> NetworkUpdate:
    return NetworkUpdate(update, update, arguments)


def _compiled(
    update: Any, networks: Any, name: str, arguments: tuple[Any, ...], **further: Any
) -> NetworkUpdate:
    """The update of one of the authors' networks, with an optimiser of its own."""
    adam = authors_updates.adam(getattr(networks, name), 1e-4)
    bound = functools.partial(update, networks, adam, **further)
    return NetworkUpdate(tf.function(bound, jit_compile=True), tf.function(bound), arguments)


def updates_per_second(one: NetworkUpdate, seconds: float) -> float:
    """How often the update can be made in a second; measures for so many seconds."""
    one.update(*one.arguments)  # It may have to be traced.
    calls, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds or not calls:
        one.update(*one.arguments)
        calls += 1
    return calls / elapsed


def floating_point_operations(one: NetworkUpdate) -> int | None:
    """The operations of one update, as TensorFlow's profiler counts them.

    It knows products of matrices and what is done number by number, not functions such as tanh. The
    traced graph also has operations whose results nobody uses, which TensorFlow never runs.

    Returns:
      Their number; None where the graph has parts that the profiler does not look into.
    """
    graph = one.countable.get_concrete_function(*one.arguments).graph
    if graph.as_graph_def().library.function:
        return None
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    parts = [tf.compat.v1.profiler.profile(graph, cmd="scope", options=options)]
    used, count = _used(graph), 0
    while parts:
        part = parts.pop()
        parts += part.children
        count += part.float_ops * (part.name in used)
    return count


def _used(graph: Any) -> set[str]:
    """The names of the operations that the graph's results and effects depend on."""
    names: set[str] = set()
    left = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    while left:
        operation = left.pop()
        if operation.name not in names:
            names.add(operation.name)
            left += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
    return names
