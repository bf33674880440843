"""Loads expert demonstrations from Minari datasets and checks that they fit the environment."""

import contextlib
import pathlib
from typing import Any, NamedTuple
import warnings

import gymnasium
from gymnasium import spaces
import numpy as np

from mgail_tf import standard_errors
from mgail_tf.data import formats, imported, minari_reader, origin, plausibility
from mgail_tf.data.fingerprint import Fingerprint, add_episode
from mgail_tf.data.measurements import Measuring
from mgail_tf.data.origin import Origin
from mgail_tf.envs.flattening import original_space
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import DataWarning, UserError
from mgail_tf.float_types import float_type

# Added to the number of terminations that were demonstrated (a pseudo-count), because the expert's
# rate of terminations must be above 0: an expert who never terminated might still do so.
PRIOR_TERMINATIONS = 0.01


class Demonstrations(NamedTuple):
    """What the expert did.

    Attributes:
      observations: [pairs, observation_size] in the `float_type` of the environment's.
      actions: [pairs, ...] as the environment executed them.
      next_observations: [pairs, observation_size], where each action led.
      terminated: [pairs] bool, whether the task ended with the pair.
      ended: [pairs] bool, true at the last pair of a trajectory; if pairs were left out, true at
        all of them. So it is false only where the next pair of the arrays is the next step.
      num_trajectories: number of trajectories that the pairs are from.
      return_mean: mean return of the trajectories; None where the dataset has no rewards.
      termination_rate: terminations per step, above 0 (see `PRIOR_TERMINATIONS`).
      return_standard_error: of `return_mean`; None where it is not known, as of one trajectory.
      returns, lengths: of each trajectory; a return is NaN where it is not known.
      pairs_of_each: how many of the pairs are from each trajectory, in order.
      origin: where they come from, and what they are like; None where nothing is known.
    """

    observations: np.ndarray
    actions: np.ndarray
    next_observations: np.ndarray
    terminated: np.ndarray
    ended: np.ndarray
    num_trajectories: int
    return_mean: float | None
    termination_rate: float
    return_standard_error: float | None = None
    returns: tuple[float, ...] = ()
    lengths: tuple[int, ...] = ()
    pairs_of_each: tuple[int, ...] = ()
    origin: Origin | None = None

    @property
    def terminations(self) -> int:
        """How many trajectories end by a termination."""
        return round(self.termination_rate * sum(self.lengths) - PRIOR_TERMINATIONS)

    @property
    def always_terminate(self) -> bool:
        """Whether every trajectory ends by a termination, so that it may be the expert's goal."""
        return 0 < self.terminations == len(self.lengths)


def load(
    dataset: str | pathlib.Path,
    env_name: str,
    num_trajectories: int = 0,
    subsample: int = 1,
    seed: int = 0,
    *,
    accept_mismatch: bool = False,
    name: str = "",
) -> Demonstrations:
    """Loads the first `num_trajectories` episodes of a Minari dataset, or all of them if it is 0.

    Args:
      dataset: a dataset's folder, or the id of an installed dataset; or a recording that
        `formats.read` reads, which is then imported for this once.
      env_name: the environment that the actions and observations must fit; observations may be
        flattened, or of the space that the environment has before they are flattened.
      num_trajectories: number of episodes.
      subsample: every k-th pair is kept, from a random offset in each trajectory.
      seed: the offsets are drawn from it.
      accept_mismatch: whether to warn only if it seems to be of another environment.
      name: what messages call it, if not by where it is.

    Raises:
      UserError: the dataset is missing, unreadable, too small, or does not fit the environment.

    Warns:
      DataWarning: it may be of another environment; see `plausibility`.
    """
    if formats.is_recording(dataset):
        with imported.dataset(dataset, env_name) as folder:
            loaded = load(
                folder,
                env_name,
                num_trajectories,
                subsample,
                seed,
                accept_mismatch=accept_mismatch,
                name=str(dataset),
            )
        # It says nothing of where it was made.
        recorded = loaded.origin and loaded.origin._replace(imported_for=None, version=None)
        return loaded._replace(origin=recorded)
    with contextlib.closing(make_environment(env_name)) as env:
        pass  # What it is suffices.
    data = minari_reader.opened(dataset)
    available = int(data.total_episodes)
    if num_trajectories > available:
        raise UserError(
            f"{dataset} has {available} trajectories, not {num_trajectories}; "
            "lower `num_trajectories`"
        )
    observation_space = env.observation_space
    if _kind(data.observation_space) != _kind(observation_space):
        # It may be from before the flattening.
        observation_space = original_space(env)
    _check_space(dataset, "observations", data.observation_space, observation_space)
    _check_space(dataset, "actions", data.action_space, env.action_space)
    generator = np.random.default_rng(seed)
    pairs: list[list[np.ndarray]] = []
    returns: list[float] = []
    measuring, fingerprint = Measuring(), Fingerprint()
    terminations, lengths = PRIOR_TERMINATIONS, []
    for episode in minari_reader.episodes(data, dataset, env, num_trajectories or available):
        offset = generator.integers(subsample)
        length = len(episode.actions)
        measuring.add(episode.observations, episode.actions)
        add_episode(
            fingerprint,
            episode.recorded_observations,
            episode.recorded_actions,
            episode.rewards,
            episode.terminations,
        )
        fields = (
            episode.observations[:-1],
            episode.actions,
            episode.observations[1:],
            episode.terminations,
            (subsample > 1) | (np.arange(length) == length - 1),
        )
        pairs.append([values[offset::subsample] for values in fields])
        terminations += bool(episode.terminations[-1])
        lengths.append(length)
        with np.errstate(over="ignore", invalid="ignore"):
            returns.append(float(np.sum(episode.rewards)))
    if not sum(len(fields[0]) for fields in pairs):
        raise UserError(f"{dataset} holds no state-action pairs; draw or download it again")
    observations, actions, next_observations, terminated, ended = (
        np.concatenate(values) for values in zip(*pairs, strict=True)
    )
    dtype = float_type(env.observation_space.dtype)
    observations, next_observations = observations.astype(dtype), next_observations.astype(dtype)
    if isinstance(env.action_space, spaces.Box):
        # The environment clips what it receives.
        actions = np.clip(actions, env.action_space.low, env.action_space.high)
    try:
        recorded = origin.of_dataset(data)
    except ValueError as error:
        raise UserError(f"{dataset} does not say where it comes from ({error})") from error
    complete = len(returns) == available and recorded.fingerprint is not None
    if complete and recorded.fingerprint != str(fingerprint):
        warnings.warn(
            f"{name or dataset} was changed after it was written", DataWarning, stacklevel=2
        )
    recorded = recorded._replace(fingerprint=str(fingerprint), measured=measuring.result())
    with contextlib.closing(make_environment(env_name)) as tried:
        plausibility.check(name or str(dataset), recorded, tried, accept_mismatch=accept_mismatch)
    return Demonstrations(
        observations,
        actions,
        next_observations,
        terminated,
        ended,
        len(returns),
        float(np.mean(returns)) if np.isfinite(returns).all() else None,
        terminations / sum(lengths),
        standard_errors.of_mean(returns),
        tuple(returns),
        tuple(lengths),
        tuple(len(fields[0]) for fields in pairs),
        recorded,
    )


def _kind(space: gymnasium.Space) -> Any:
    """Returns what must be equal in two spaces that fit: types, names and shapes, not bounds."""
    if isinstance(space, spaces.Dict):
        return {name: _kind(part) for name, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return [_kind(part) for part in space]
    if isinstance(space, spaces.Discrete):
        return spaces.Discrete, space.n, space.start
    if isinstance(space, spaces.MultiDiscrete):
        return spaces.MultiDiscrete, space.nvec.tolist(), space.start.tolist()
    return type(space), space.shape


def _check_space(
    dataset: str | pathlib.Path, what: str, recorded: gymnasium.Space, required: gymnasium.Space
) -> None:
    if _kind(recorded) != _kind(required):
        raise UserError(f"{dataset}: its {what} are {recorded}, the environment's are {required}")
