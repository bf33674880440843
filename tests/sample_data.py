"""Demonstrations for tests."""

from collections.abc import Sequence
import os
import pathlib
from typing import Any
from unittest import mock
import warnings

import gymnasium
import minari
from minari.data_collector import EpisodeBuffer
import numpy as np

from mgail_tf.data import demonstrations
from mgail_tf.data.demonstrations import Demonstrations

EXPERT_DATA = pathlib.Path(__file__).parent.parent / "expert_data"
# Spaces of observations and actions that fit CartPole.
CARTPOLE = (
    gymnasium.spaces.Box(-9.0, 9.0, (4,), np.float32),
    gymnasium.spaces.Discrete(2),
)
# The id of a dataset that is written here.
NAME = "test/written-v0"
# How many trajectories the committed demonstrations of a task have.
COMMITTED = {
    "CartPole": 1,
    "MountainCar": 1,
    "Acrobot": 1,
    "Hopper": 4,
    "Walker2d": 4,
    "HalfCheetah": 4,
    "Ant": 4,
}


def load(task: str, num_trajectories: int = 1) -> Demonstrations:
    """The first trajectories of a task's committed demonstrations."""
    folder = EXPERT_DATA / task / "demonstrations" / str(COMMITTED[task])
    return demonstrations.load(folder, task, num_trajectories)


def draw(
    pairs: int,
    observation_size: int = 3,
    actions: np.ndarray | None = None,
    *,
    return_mean: float | None = None,
    seed: int = 0,
) -> Demonstrations:
    """Demonstrations of one trajectory of random numbers, which never terminates.

    Args:
      pairs: number of pairs.
      observation_size: length of an observation.
      actions: [pairs, ...] as the environment receives them; random ones of two numbers if None.
      return_mean: of the trajectory.
      seed: of the numbers.
    """
    rng = np.random.default_rng(seed)
    observations = rng.normal(size=(pairs + 1, observation_size)).astype(np.float32)
    if actions is None:
        actions = rng.uniform(-1.0, 1.0, (pairs, 2)).astype(np.float32)
    return Demonstrations(
        observations[:-1],
        actions,
        observations[1:],
        terminated=np.zeros(pairs, bool),
        ended=np.arange(pairs) == pairs - 1,
        num_trajectories=1,
        return_mean=return_mean,
        termination_rate=0.01 / pairs,
        lengths=(pairs,),
        pairs_of_each=(pairs,),
    )


def write(
    root: pathlib.Path,
    buffers: Sequence[EpisodeBuffer],
    observation_space: gymnasium.Space,
    action_space: gymnasium.Space,
    name: str = NAME,
    **metadata: Any,
) -> pathlib.Path:
    """Writes a Minari dataset into a folder of datasets; returns the dataset's own."""
    with (
        mock.patch.dict(os.environ, MINARI_DATASETS_PATH=str(root)),
        warnings.catch_warnings(action="ignore"),
    ):
        minari.create_dataset_from_buffers(
            name,
            list(buffers),
            observation_space=observation_space,
            action_space=action_space,
            **metadata,
        )
    return pathlib.Path(root, name)


def episode(observations: Any, actions: Any, reward: float = 1.0) -> EpisodeBuffer:
    """An episode that the task ends.

    Args:
      observations: [length + 1, ...], or a dict of such.
      actions: [length, ...].
      reward: of each step.
    """
    length = len(actions)
    return EpisodeBuffer(
        observations=observations,
        actions=actions,
        rewards=[reward] * length,
        terminations=[step == length - 1 for step in range(length)],
        truncations=[False] * length,
    )


def write_numbered(
    root: pathlib.Path,
    lengths: Sequence[int] = (5, 7),
    spaces: tuple[gymnasium.spaces.Box, gymnasium.Space] = CARTPOLE,
    *,
    first_number: float = 0.0,
    reward: float = 1.0,
) -> pathlib.Path:
    """Writes a dataset whose k-th observation of episode e is filled with e + 0.01 k.

    Args:
      root: folder of datasets.
      lengths: of the episodes.
      spaces: of observations and actions; CartPole's if not given.
      first_number: added to the very first number of each episode.
      reward: of each step.
    """
    observation_space, action_space = spaces
    buffers = []
    for index, length in enumerate(lengths):
        numbers = index + 0.01 * np.arange(length + 1)
        shape = (length + 1, *observation_space.shape)
        observations = np.array(np.broadcast_to(numbers[:, None], shape), observation_space.dtype)
        observations[0, 0] += first_number
        actions = np.array([action_space.sample() for _ in range(length)])
        buffers.append(episode(observations, actions, reward))
    return write(root, buffers, observation_space, action_space)


def write_policy(folder: pathlib.Path, seed: int = 0) -> None:
    """Writes a SavedModel of a policy for CartPole; the seed tells which one."""
    import keras

    from mgail_tf.deployed_policy import DeployedPolicy
    from mgail_tf.networks.build import Encoders, make_policy

    observations = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    encoders = Encoders.of(observations, np.zeros(20, int), CARTPOLE[1], 10.0)
    keras.utils.set_random_seed(seed)
    policy = make_policy(encoders.actions, (8,))
    policy(np.zeros([1, 4], np.float32))
    DeployedPolicy(policy, encoders.observations, encoders.actions).save(folder)
