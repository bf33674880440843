"""What a run would learn from, and where: told before anything is trained (--check)."""

import contextlib
import pathlib
import sys
import warnings

import gymnasium
import numpy as np

from mgail_tf.commands import command_line, run_demonstrations
from mgail_tf.config import Run
from mgail_tf.data import experts
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import DataWarning

# Components of observations and of actions that have a line of their own.
SHOWN = 20


def check(run: Run) -> None:
    """Reads the data of a run and tries its environment; prints what was understood.

    Raises:
      UserError: the run would be refused because of them.
    """
    dataset = run.expert_data or experts.place(run.env, run.num_trajectories)
    if isinstance(dataset, pathlib.Path) and not dataset.exists():
        print(f"{run.env}: its expert draws {run.num_trajectories} trajectories at first use")
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = run_demonstrations.load(dataset, run)
    with contextlib.closing(make_environment(run.env)) as env:
        lines = [f"demonstrations: {dataset}", *_of_demonstrations(loaded), *_of_environment(env)]
    print("\n".join(lines))
    doubts = [each.message for each in caught if issubclass(each.category, DataWarning)]
    for doubt in doubts:
        print(f"warning: {command_line.with_flags(str(doubt))}", file=sys.stderr)
    if not doubts:
        print("  nothing speaks against its being that of the demonstrations")


def _of_demonstrations(loaded: Demonstrations) -> list[str]:
    lengths, steps = np.array(loaded.lengths), sum(loaded.lengths)
    terminations = loaded.terminations
    lines = [
        f"  {len(lengths)} episodes, {steps} steps; {len(loaded.actions)} pairs to learn from",
        f"  lengths: {_range(lengths)}",
        f"  ended by: {terminations} by the task, {len(lengths) - terminations} cut off",
        f"  returns: {_returns(loaded)}",
    ]
    recorded = loaded.origin
    if recorded is not None:
        by = f" (mgail_tf {recorded.version})" if recorded.version else ""
        lines.append(f"  made in: {recorded.env_id or 'not known'}{by}")
        lines.append(f"  fingerprint: {recorded.fingerprint}")
    lines += _components("observation", loaded.observations)
    if loaded.actions.dtype.kind == "f":
        return lines + _components("action", loaded.actions.reshape(len(loaded.actions), -1))
    choices, numbers = np.unique(loaded.actions, axis=0, return_counts=True)
    each = [
        f"{choice} {number / len(loaded.actions):.0%}"
        for choice, number in zip(choices[:SHOWN].tolist(), numbers, strict=False)
    ]
    return [*lines, f"  actions: {', '.join(each)}"]


def _returns(loaded: Demonstrations) -> str:
    if loaded.return_mean is None:
        return "not known"
    error = loaded.return_standard_error
    more = "" if error is None else f", standard error {error:.4g}"
    return f"{_range(np.array(loaded.returns))}{more}"


def _components(name: str, values: np.ndarray) -> list[str]:
    """A line for each component of [pairs, size]."""
    lines = [
        f"  {name} {index}: {_range(column)}" + ("" if np.ptp(column) else ", never varies")
        for index, column in enumerate(values.T[:SHOWN].astype(np.float64))
    ]
    more = values.shape[1] - SHOWN
    return lines + ([f"  {name}s: and {more} more components"] if more > 0 else [])


def _of_environment(env: gymnasium.Env) -> list[str]:
    limit = env.spec.max_episode_steps if env.spec else None
    return [
        f"environment: {env.spec.id if env.spec else 'without an id'}",
        f"  observations: {' '.join(str(env.observation_space).split())}",
        f"  actions: {' '.join(str(env.action_space).split())}",
        f"  time limit: {'none' if limit is None else f'{limit} steps'}",
    ]


def _range(values: np.ndarray) -> str:
    low, high = values.min(), values.max()
    return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}, mean {values.mean():.6g}"
