"""Whether a policy is of the environment at hand, told before TensorFlow is imported."""

import pathlib

import gymnasium

from mgail_tf import policy_files
from mgail_tf.data import plausibility
from mgail_tf.data.origin import Origin


def check(
    source: str | pathlib.Path, env: gymnasium.Env, *, accept_mismatch: bool = False, name: str = ""
) -> None:
    """Compares what a policy's `policy.json` says with an environment; without one, nothing is.

    Args:
      source: a SavedModel's folder, or a run folder.
      env: where the policy is used. It is reset and stepped.
      accept_mismatch: whether to warn only if it seems to be of another environment.
      name: what messages call it, if not by where it is.

    Raises:
      UserError: there is no SavedModel, its shapes are others, or it is of another environment; see
        `plausibility.check`.
    """
    recorded = Origin.from_json(policy_files.read_origin(policy_files.find(source)))
    if recorded.observation_space and recorded.action_space:
        shapes = recorded.observation_space.shape, recorded.action_space.shape
        policy_files.check_shapes(*shapes, env)
    plausibility.check(name or str(source), recorded, env, accept_mismatch=accept_mismatch)
