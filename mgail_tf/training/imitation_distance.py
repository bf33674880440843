"""How far episodes are from the demonstrations: a measure of imitation that needs no reward.

It is the sum of two standard distances between samples:

- of state-action pairs: the root of the criterion of Cramer and von Mises, which is how far the two
  cumulative distributions of a component are apart, averaged over the components;
- of the lengths of episodes: the distance of Wasserstein, as a fraction of the demonstrations' mean
  length. A policy that does right until it falls shows in nothing else. Where some demonstrations
  were cut off while they still went on, an end is nothing that the expert is after: there, only
  how much shorter episodes are counts.

Each episode counts as much as any other, however short it is, and each part of an episode as much
as any other part. A component may be in any unit and have tails of any weight, because only the
order of its values counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import gymnasium
import numpy as np

from mgail_tf.algorithms.distance import Distance
from mgail_tf.envs.episodes import Episode
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder
from mgail_tf.networks.statistics import measure

if TYPE_CHECKING:
    from mgail_tf.data.demonstrations import Demonstrations  # It imports Minari: a second.

# Pairs that are compared, of the episodes and of the demonstrations.
PAIRS = 1000

# Decimals of normalised components; what differs in later ones only counts as the same.
DECIMALS = 4


class _Trajectory(NamedTuple):
    """What is known of an episode: some of its pairs [pairs, ...], and its number of steps."""

    observations: np.ndarray
    actions: np.ndarray
    length: int


class _Sample(NamedTuple):
    """Pairs as the networks see them [PAIRS, size], and the lengths of their episodes [PAIRS]."""

    pairs: np.ndarray
    lengths: np.ndarray


class ImitationDistance:
    """Measures how far episodes are from the demonstrations.

    Where demonstrations were cut rather than terminated, nobody knows how they would have gone on;
    so episodes are looked at up to the length of the longest demonstration.

    It can be pickled, and holds no more than a sample of the demonstrations.

    Args:
      demonstrations: what the expert did.
      action_space: the environment's.

    Attributes:
      action_space: as given.
      of_demonstrations: between one half of the trajectories and the other; None if there is one
        trajectory only.
    """

    def __init__(self, demonstrations: Demonstrations, action_space: gymnasium.Space):
        observations, actions = demonstrations.observations, demonstrations.actions
        self._observed = measure(observations)
        self._acted = measure(actions.reshape([len(actions), -1]))
        self.action_space = action_space
        lengths, ends = demonstrations.lengths, np.cumsum(demonstrations.pairs_of_each)[:-1]
        pairs = np.split(observations, ends), np.split(actions, ends)
        # Of a short one, subsampling may leave nothing.
        trajectories = [each for each in map(_Trajectory, *pairs, lengths) if len(each.actions)]
        self._mean_length = float(np.mean([each.length for each in trajectories]))
        self._horizon = None if demonstrations.always_terminate else max(lengths)
        self._demonstrated = self._sample(trajectories)
        self.of_demonstrations: float | None = None
        if len(trajectories) > 1:
            halves = [self._sample(trajectories[first::2]) for first in range(2)]
            orders = halves, halves[::-1]
            self.of_demonstrations = max(self._between(*order).whole for order in orders)

    def of(self, episodes: Sequence[Episode]) -> float:
        """Returns how far episodes are from the demonstrations; 0 if nothing differs."""
        return self.measure(episodes).whole

    def measure(self, episodes: Sequence[Episode]) -> Distance:
        """Returns the same, and the part of it that is about lengths."""
        return self._between(self._sample_of(episodes), self._demonstrated)

    def pairs(self, episodes: Sequence[Episode]) -> np.ndarray:
        """Some pairs of episodes, as the networks see them: [PAIRS, size]."""
        return self._sample_of(episodes).pairs

    @property
    def demonstrated_pairs(self) -> np.ndarray:
        """Some demonstrated pairs, as the networks see them: [PAIRS, size]."""
        return self._demonstrated.pairs

    def _sample_of(self, episodes: Sequence[Episode]) -> _Sample:
        end = self._horizon
        return self._sample(
            [
                _Trajectory(
                    each.observations[:-1][:end], each.actions[:end], len(each.actions[:end])
                )
                for each in episodes
            ]
        )

    def _between(self, one: _Sample, demonstrated: _Sample) -> Distance:
        lengths = one.lengths
        if self._horizon:
            lengths = np.minimum(np.sort(lengths), np.sort(demonstrated.lengths))
        apart = wasserstein(lengths, demonstrated.lengths) / self._mean_length
        return Distance(cramer_von_mises(one.pairs, demonstrated.pairs) + apart, apart)

    def _sample(self, trajectories: Sequence[_Trajectory]) -> _Sample:
        """Takes pairs that are spread evenly over the trajectories, and over each of them."""
        # Steps between them vary, because equal ones could be in step with a gait.
        random = np.random.default_rng(0).uniform(size=PAIRS)
        place = (np.arange(PAIRS) + random) / PAIRS
        part, which = np.modf(place * len(trajectories))
        chosen = [trajectories[int(index)] for index in which]
        steps = [int(each * len(of.actions)) for each, of in zip(part, chosen, strict=True)]
        pairs = self._encode(
            np.array([of.observations[step] for of, step in zip(chosen, steps, strict=True)]),
            np.array([of.actions[step] for of, step in zip(chosen, steps, strict=True)]),
        )
        return _Sample(pairs, np.array([of.length for of in chosen]))

    def _encode(self, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Encodes pairs as the networks see them: [pairs, ...] each -> [pairs, size]."""
        mean, deviation, resolution = self._observed
        encoder = ObservationEncoder(mean, deviation, np.inf, observations.dtype, resolution)
        # What the demonstrations hold constant has no scale but how far it gets away here.
        encoder.widen(observations)
        acting = action_encoder(self.action_space, self._acted.mean, self._acted.deviation)
        encoded = encoder.encode(observations), acting.encode(actions)
        return np.concatenate(encoded, axis=1).round(DECIMALS)


def describe(distance: float, of_demonstrations: float | None) -> str:
    """Says how far episodes are, and what that is to be compared with."""
    beside = "" if of_demonstrations is None else f", of demonstrations {of_demonstrations:.3f}"
    return f"{distance:.3f}{beside}"


def cramer_von_mises(one: np.ndarray, other: np.ndarray) -> float:
    """How far the distributions of components are apart, on average: [n, size] and [m, size]."""
    return float(np.mean(cramer_von_mises_of_each(one, other)))


def cramer_von_mises_of_each(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far the distributions of each component are apart: [n, size], [m, size] -> [size].

    It is the root mean square difference between the shares of both that are at or below a value,
    over all values of both. It is 0 if they are the same. If
    all of one are above all of the other, and there are as many, it is from 0.58 (where no value
    comes twice) to 0.71 (where each has one value only).
    """
    return np.array(list(map(_cramer_von_mises, one.T, other.T)))


def _cramer_von_mises(one: np.ndarray, other: np.ndarray) -> float:
    values = np.concatenate([one, other])
    shares = [
        np.searchsorted(np.sort(each), values, side="right") / len(each) for each in (one, other)
    ]
    return float(np.sqrt(np.mean((shares[0] - shares[1]) ** 2)))


def wasserstein(one: np.ndarray, other: np.ndarray) -> float:
    """How far numbers have to be moved to be the others, on average: [n] each."""
    return float(np.abs(np.sort(one) - np.sort(other)).mean())
