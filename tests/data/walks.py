"""Episodes of a random walk, and the arrays of a recording of them."""

import numpy as np

from mgail_tf.envs.episodes import Episode

LENGTHS, TERMINATED = (7, 12, 5, 12), (True, False, True, False)
LIMIT = 12


def episodes() -> list[Episode]:
    """Their observations [length + 1, 3] change little within an episode."""
    rng = np.random.default_rng(0)
    return [
        Episode(
            (np.cumsum(rng.normal(size=(length + 1, 3)), 0) + 50 * index).astype(np.float32),
            rng.uniform(-1.0, 1.0, (length, 2)).astype(np.float32),
            rng.normal(size=length),
            terminated,
        )
        for index, (length, terminated) in enumerate(zip(LENGTHS, TERMINATED, strict=True))
    ]


EPISODES = episodes()
LAST = np.concatenate([np.arange(length) == length - 1 for length in LENGTHS])
FIRST = np.append(True, LAST[:-1])
NUMBERS = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
STEPS = np.concatenate([np.arange(length) for length in LENGTHS])
TERMINALS = LAST & np.repeat(TERMINATED, LENGTHS)
TIMEOUTS = LAST & ~TERMINALS
NEXT = np.concatenate([episode.observations[1:] for episode in EPISODES])
# As if all were one episode.
_BEFORE = np.concatenate([episode.observations[:-1] for episode in EPISODES])
ON = np.concatenate([_BEFORE[1:], NEXT[-1:]])


def arrays(**more: np.ndarray) -> dict[str, np.ndarray]:
    """Observations, actions and rewards, a row a step, and whatever else."""
    return {
        "observations": np.concatenate([episode.observations[:-1] for episode in EPISODES]),
        "actions": np.concatenate([episode.actions for episode in EPISODES]),
        "rewards": np.concatenate([episode.rewards for episode in EPISODES]),
        **more,
    }


def check(read: list[Episode], outcomes: bool = True) -> None:
    """Checks that the episodes were read.

    Args:
      read: what was read.
      outcomes: whether it is known where the last actions led; otherwise they are left out.
    """
    for episode, expected in zip(read, EPISODES, strict=True):
        kept = len(expected.actions) if outcomes else len(expected.actions) - 1
        observations = expected.observations[: kept + 1]
        np.testing.assert_allclose(episode.observations, observations, rtol=1e-6)
        np.testing.assert_allclose(episode.actions, expected.actions[:kept], rtol=1e-6)
        np.testing.assert_allclose(episode.rewards.sum(), expected.rewards.sum())
        np.testing.assert_allclose(episode.rewards[:-1], expected.rewards[: kept - 1])
        assert episode.terminated == expected.terminated
