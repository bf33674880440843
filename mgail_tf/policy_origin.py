"""Whether a policy is of the environment at hand, told before TensorFlow is imported."""

import pathlib

import gymnasium

from mgail_tf import policy_files
from mgail_tf.data import plausibility
from mgail_tf.data.measurements import Measurements
from mgail_tf.data.origin import Origin
from mgail_tf.errors import UserError


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
      UserError: there is no SavedModel, its `policy.json` is damaged, its shapes are others, or it
        is of another environment; see `plausibility.check`.
    """
    recorded = _read(policy_files.find(source))
    if recorded.observation_space and recorded.action_space:
        shapes = recorded.observation_space.shape, recorded.action_space.shape
        policy_files.check_shapes(*shapes, env)
    if recorded.measured and not _fits(recorded.measured, env):
        raise UserError(
            f"{source} was measured with observations or actions of another size than these; use "
            "it in the environment that it was trained for"
        )
    plausibility.check(name or str(source), recorded, env, accept_mismatch=accept_mismatch)


def _fits(measured: Measurements, env: gymnasium.Env) -> bool:
    """Whether observations and continuous actions have as many numbers as an environment's."""
    fit = measured.first.shape[1:] == env.observation_space.shape
    if measured.actions is not None and isinstance(env.action_space, gymnasium.spaces.Box):
        fit = fit and measured.actions.shape[1] == env.action_space.low.size
    return fit


def _read(folder: pathlib.Path) -> Origin:
    try:
        return Origin.from_json(policy_files.read_origin(folder))
    except (ValueError, RecursionError) as error:
        file = folder / policy_files.ORIGIN
        raise UserError(f"{file} is damaged ({error}); {policy_files.EXPORT}") from error
