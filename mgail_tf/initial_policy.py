"""Starts a run from the policy of another one.

Each run normalises by the statistics of its own demonstrations, so the other's weights would mean
something else here. Normalisation is affine, and so are a network's first and last layer: the
difference is folded into these two. The policy then acts as it did before, apart from observations
that one of the two runs clips.
"""

from collections.abc import Mapping, Sequence
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from mgail_tf import loaded_policy
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import UserError
from mgail_tf.networks.policy import Policy

# Kernel [inputs, outputs] and bias [outputs] of a network's layers, the first one first.
Layers = list[tuple[np.ndarray, np.ndarray]]


def take_over(
    source: str | pathlib.Path, deployed: DeployedPolicy, policies: Sequence[Policy]
) -> None:
    """Gives policies the weights of a policy that was exported.

    The noise of continuous actions is left as it is.

    Args:
      source: a SavedModel's folder, or a run folder.
      deployed: tells what the networks see; `policies[0]` has the shape of its network.
      policies: the networks, which all get the same weights.

    Raises:
      UserError: there is no such SavedModel, or its network is another one.
    """
    loaded = loaded_policy.load(source).saved
    if not hasattr(loaded, "network"):
        raise UserError(
            f"`initial_policy` {source} was exported by an earlier version of mgail_tf, which did "
            "not write how it normalises; train it again, or leave it out"
        )
    there, here = (_numbers(policy) for policy in (loaded, deployed))
    _check(source, there, here)
    deployed.observations.adopt(there["sees"]["observation_stddev"])
    here = _numbers(deployed)
    weights = fold(_layers(there), there["sees"], here["sees"])
    for policy in policies:
        for layer, values in zip(policy.layers_to_action, weights, strict=True):
            layer.set_weights(values)


def fold(layers: Layers, there: Mapping[str, Any], here: Mapping[str, Any]) -> Layers:
    """Makes a network act under another normalisation as it did under its own.

    Args:
      layers: of a network whose first and last layer are affine.
      there, here: the means and deviations of its own normalisation and of the other one, as in
        `DeployedPolicy.network`; those of actions are missing where these are discrete.
    """
    layers = [(kernel.astype(np.float64), bias.astype(np.float64)) for kernel, bias in layers]
    # z_there = (o - mean_there) / stddev_there, where o = mean_here + stddev_here z_here.
    kernel, bias = layers[0]
    with np.errstate(invalid="ignore"):
        ratio = here["observation_stddev"] / there["observation_stddev"]
    # Components that neither has a scale for are 0 in both.
    ratio = np.where(np.isnan(ratio), 1.0, ratio)
    shift = (here["observation_mean"] - there["observation_mean"]) / there["observation_stddev"]
    layers[0] = ratio[:, None] * kernel, bias + shift @ kernel
    if "action_mean" in there:
        kernel, bias = layers[-1]
        ratio = there["action_stddev"] / here["action_stddev"]
        shift = (there["action_mean"] - here["action_mean"]) / here["action_stddev"]
        layers[-1] = kernel * ratio, bias * ratio + shift
    return layers


def _numbers(policy: Any) -> dict[str, Any]:
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), policy.network())


def _layers(network: Mapping[str, Any]) -> Layers:
    return [tuple(layer) for layer in network["layers"]]


def _check(source: str | pathlib.Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    if there["sees"].keys() != here["sees"].keys():
        raise UserError(f"`initial_policy` {source} has actions of another kind; leave it out")
    theirs, ours = _widths(there), _widths(here)
    if theirs != ours:
        same_task = (theirs[0], theirs[-1]) == (ours[0], ours[-1])
        hidden = ",".join(map(str, theirs[1:-1]))
        raise UserError(
            f"`initial_policy` {source} has layers of {theirs} numbers, this run's policy of "
            f"{ours}; "
            + (f"`policy_hidden={hidden}` fits" if same_task else "it is of another environment")
        )
    if there["activation"] != here["activation"]:
        raise UserError(
            f"`initial_policy` {source} has {there['activation'].decode()} units, this run's "
            f"policy {here['activation'].decode()} units; leave it out"
        )


def _widths(network: Mapping[str, Any]) -> list[int]:
    layers = _layers(network)
    return [len(layers[0][0]), *(len(bias) for _, bias in layers)]
