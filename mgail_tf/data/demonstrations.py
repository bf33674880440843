"""Expert demonstrations: drawn where there are none yet, loaded and checked."""

import pathlib
from typing import NamedTuple

import gymnasium
from gymnasium import spaces
from gymnasium.vector import utils as vector_utils
from gymnasium.wrappers import FlattenObservation
import minari
import numpy as np

from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


class Demonstrations(NamedTuple):
    """What the expert did.

    Attributes:
      observations: [pairs, observation_size] float32.
      actions: [pairs, ...] as the environment received them.
      next_observations: [pairs, observation_size] float32, where each action led.
      terminated: [pairs], whether the task ended with the pair.
      ended: [pairs], whether the next pair of the arrays does not follow.
      num_trajectories: number of trajectories that the pairs are from.
      return_mean: mean episode return; None where the dataset has no rewards.
      termination_rate: terminations per step; never 0, see `UNSEEN_TERMINATIONS`.
    """

    observations: np.ndarray
    actions: np.ndarray
    next_observations: np.ndarray
    terminated: np.ndarray
    ended: np.ndarray
    num_trajectories: int
    return_mean: float | None
    termination_rate: float


# A demonstrator who never terminated might yet; so many terminations are added to those seen.
UNSEEN_TERMINATIONS = 0.01


def load(dataset, env_name, num_trajectories=0, subsample=1, seed=0):
    """Reads the first `num_trajectories` episodes of a Minari dataset, or all of them if it is 0.

    Args:
      dataset: a dataset's folder, or the id of an installed dataset.
      env_name: the environment that the actions and observations must fit; a dataset of `Dict`
        observations or of images fits the environment wrapped in `FlattenObservation`.
      num_trajectories: number of episodes.
      subsample: keep every k-th pair, from a random offset in each trajectory.
      seed: of these offsets.

    Returns:
      `Demonstrations`.

    Raises:
      UserError: the dataset is missing, unreadable, too small, or does not fit the environment.
    """
    env = make_environment(env_name)
    data = _open(dataset)
    available = int(data.total_episodes)
    if num_trajectories > available:
        raise UserError(
            f"{dataset} has {available} trajectories, not {num_trajectories}; "
            "lower --num_trajectories"
        )
    observation_space = _observation_space(env, data.observation_space)
    _check_space(dataset, "observations", data.observation_space, observation_space)
    _check_space(dataset, "actions", data.action_space, env.action_space)
    generator = np.random.default_rng(seed)
    pairs, returns = [], []
    terminations, steps = UNSEEN_TERMINATIONS, 0
    try:
        for episode in data.iterate_episodes(range(num_trajectories or available)):
            offset = generator.integers(subsample)
            length = len(episode.actions)
            observations = _flatten(observation_space, episode.observations, length + 1)
            fields = (
                observations[:-1],
                episode.actions,
                observations[1:],
                episode.terminations,
                (subsample > 1) | (np.arange(length) == length - 1),
            )
            pairs.append([values[offset::subsample] for values in fields])
            terminations += bool(episode.terminations[-1]) if length else 0
            steps += length
            returns.append(None if episode.rewards is None else np.sum(episode.rewards))
    except Exception as error:  # Whatever the storage raises, the file is at fault.
        raise UserError(f"{dataset} cannot be read ({error}); it may be truncated") from error
    if not sum(len(fields[0]) for fields in pairs):
        raise UserError(f"{dataset} holds no state-action pairs; draw or download it again")
    observations, actions, following, terminated, ended = (
        np.concatenate(values) for values in zip(*pairs, strict=True)
    )
    observations, following = observations.astype(np.float32), following.astype(np.float32)
    if not all(np.isfinite(values).all() for values in (observations, actions, following)):
        raise UserError(f"{dataset} has NaN or infinite values; remove those episodes")
    if isinstance(env.action_space, spaces.Box):
        # As the environment executes them.
        actions = np.clip(actions, env.action_space.low, env.action_space.high)
    known = all(value is not None and np.isfinite(value) for value in returns)
    return_mean = float(np.mean(returns)) if known else None
    return Demonstrations(
        observations,
        actions,
        following,
        terminated,
        ended,
        len(returns),
        return_mean,
        terminations / steps,
    )


def _open(dataset):
    path = pathlib.Path(dataset)
    try:
        if path.is_dir():
            return minari.MinariDataset(path / "data" if (path / "data").is_dir() else path)
        return minari.load_dataset(str(dataset))
    except FileNotFoundError as error:
        raise UserError(
            f"no dataset {dataset}; give a Minari dataset's folder, or an installed id "
            f"(minari download {dataset})"
        ) from error
    except Exception as error:  # Whatever the storage raises, the file is at fault.
        raise UserError(f"{dataset} is not a readable Minari dataset ({error})") from error


def _observation_space(env, given):
    """The space that a dataset's observations must be of, if they are of the space `given`.

    Where `FlattenObservation` makes rows of the environment's, and nothing else is done to them,
    they may be as they were.
    """
    if _kind(given) != _kind(env.observation_space):
        wrapped = env
        while isinstance(wrapped, gymnasium.Wrapper):
            inner = wrapped.env.observation_space
            if isinstance(wrapped, FlattenObservation):
                return inner
            changes = isinstance(wrapped, gymnasium.ObservationWrapper)
            if changes or wrapped.observation_space != inner:
                break
            wrapped = wrapped.env
    return env.observation_space


def _flatten(space, observations, length):
    """[length, observation_size], as `FlattenObservation` has them."""
    if isinstance(space, spaces.Box):
        return np.reshape(observations, [length, -1])
    # The environment's space, not the dataset's: Minari forgets the order of names.
    each = vector_utils.iterate(vector_utils.batch_space(space, length), observations)
    return np.stack([spaces.flatten(space, observation) for observation in each])


def _kind(space):
    """What must be the same of two spaces: types, names and shapes, but not bounds."""
    if isinstance(space, spaces.Dict):
        return {name: _kind(part) for name, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return [_kind(part) for part in space]
    if isinstance(space, spaces.Discrete):
        return spaces.Discrete, space.n, space.start
    return type(space), space.shape


def _check_space(dataset, what, given, wanted):
    if _kind(given) != _kind(wanted):
        raise UserError(f"{dataset}: its {what} are {given}, the environment's are {wanted}")
