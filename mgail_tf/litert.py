"""Policies in LiteRT, a format for small devices."""

import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from mgail_tf.deployed_policy import signature
from mgail_tf.loaded_policy import LoadedPolicy, load


def to_litert(folder: str | pathlib.Path) -> bytes:
    """Converts the deterministic policy of a SavedModel to LiteRT.

    The result has one signature, which takes `observation` (float32, because LiteRT does not
    calculate in 64 bits) and returns `action`.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    policy = load(folder)
    # Policies of earlier versions calculate in 32 bits only.
    function = getattr(policy.saved, "single_precision", policy.saved.deterministic)
    [observation] = policy.signatures["serving_default"].structured_input_signature[1].values()
    single = tf.TensorSpec(observation.shape, tf.float32, "observation")
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [signature(function, single)], policy.saved
    )
    return converter.convert()


def hardly_resolved(policy: LoadedPolicy) -> list[int]:
    """The components of observations that float32 resolves to no more than a fifth of a deviation.

    None is known of policies of earlier versions.
    """
    if not hasattr(policy.saved, "network"):
        return []
    sees: Any = policy.saved.network()["sees"]
    step = np.spacing(np.abs(sees["observation_mean"].numpy()).astype(np.float32))
    return np.flatnonzero(step > 0.2 * sees["observation_stddev"].numpy()).tolist()
