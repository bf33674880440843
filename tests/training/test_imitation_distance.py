import pickle
from typing import Any

from gymnasium.spaces import Box, Discrete
import numpy as np
import pytest
import sample_data

from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.envs.episodes import Episode, play_randomly
from mgail_tf.training.imitation_distance import (
    ImitationDistance,
    cramer_von_mises,
    describe,
    wasserstein,
)

SPACE = Box(-1.0, 1.0, (2,), np.float32)


def walk(length: int, seed: int, *, pace: float = 1.0, terminated: bool = False) -> Episode:
    """An episode in which the first of two numbers grows, and the second one is always 3."""
    rng = np.random.default_rng(seed)
    place = np.cumsum(pace + rng.normal(size=length + 1)) / 100.0
    observations = np.stack([place, np.full(length + 1, 3.0)], 1)
    actions = (pace * rng.uniform(-0.5, 0.5, (length, 2))).astype(np.float32)
    return Episode(observations, actions, np.zeros(length), terminated)


def demonstrated(episodes: list[Episode], subsample: int = 1) -> Demonstrations:
    """Demonstrations of what happened in episodes."""
    lengths = tuple(len(episode.actions) for episode in episodes)
    ends: Any = [np.arange(length) == length - 1 for length in lengths]
    pairs: Any = [
        (
            episode.observations[:-1],
            episode.actions,
            episode.observations[1:],
            episode.terminated & end,
            end,
        )
        for episode, end in zip(episodes, ends, strict=True)
    ]
    kept = [[values[::subsample] for values in fields] for fields in pairs]
    falls = sum(episode.terminated for episode in episodes)
    return Demonstrations(
        *(np.concatenate(values) for values in zip(*kept, strict=True)),
        num_trajectories=len(episodes),
        return_mean=None,
        termination_rate=(falls + 0.01) / sum(lengths),
        lengths=lengths,
        pairs_of_each=tuple(len(fields[0]) for fields in kept),
    )


EXPERTS = [walk(500, seed) for seed in range(4)]


@pytest.fixture(scope="module")
def distance():
    return ImitationDistance(demonstrated(EXPERTS), SPACE)


def test_distributions_are_compared_component_by_component():
    apart = np.array([[0.0, 7.0], [1.0, 7.0]]), np.array([[2.0, 7.0], [3.0, 7.0]])
    # At 0, 1, 2, 3 the shares of the first component differ by 1/2, 1, 1/2, 0.
    assert cramer_von_mises(*apart) == pytest.approx(np.sqrt(1.5 / 4) / 2)
    assert cramer_von_mises(apart[0], apart[0][::-1]) == 0.0
    # Numbers of pairs may differ: at 0, 0, 0, 1 the shares differ by 1/3, 1/3, 1/3, 0.
    assert cramer_von_mises(np.zeros([1, 1]), np.array([[0.0], [1.0], [0.0]])) == pytest.approx(
        np.sqrt(3 / 9 / 4)
    )
    assert wasserstein(np.array([3, 1, 2]), np.array([1, 5, 2])) == pytest.approx(2 / 3)


def test_it_is_small_between_halves_of_the_demonstrations_and_between_them_and_their_like(distance):
    assert distance.of(EXPERTS) == 0.0
    like = [walk(500, seed) for seed in range(10, 20)]
    assert 0.0 < distance.of(like) < 0.05
    assert 0.0 < distance.of_demonstrations < 0.05
    assert ImitationDistance(demonstrated(EXPERTS[:1]), SPACE).of_demonstrations is None


def test_slower_ones_and_rare_falls_are_further_away(distance):
    def of(pace=1.0, falls=0, fall=250):
        lengths = [fall] * falls + [500] * (10 - falls)
        return distance.of([walk(length, 10 + i, pace=pace) for i, length in enumerate(lengths)])

    paces = [of(pace) for pace in (1.0, 0.9, 0.7, 0.3)]
    assert paces == sorted(paces) and paces[1] > 1.2 * paces[0]
    falls = [of(falls=number) for number in (0, 1, 2, 5, 10)]
    assert falls == sorted(falls) and falls[1] > falls[0] + 0.045
    assert of(falls=1, fall=10) > of(falls=1, fall=400)


def test_each_episode_counts_as_much_as_any_other(distance):
    # A tenth of the episodes is slow, and short: of their pairs it is a hundredth.
    good, slow = [walk(500, seed) for seed in range(10, 19)], walk(50, 30, pace=-1.0)
    lengths = 0.1 * 450 / 500
    pairs = distance.of([*good, slow]) - lengths
    assert pairs > 1.5 * distance.of(good)


def test_what_is_demonstrated_as_constant_counts_once_it_is_not(distance):
    def of(third):
        moved = [each._replace(observations=each.observations + [0.0, third]) for each in EXPERTS]
        return distance.of(moved)

    assert of(1e-15) == 0.0
    # The shares differ by 1 at half of all values, in one of the four components.
    assert of(1e-3) == of(10.0) == pytest.approx(np.sqrt(1 / 2) / 4)


def test_the_unit_does_not_matter():
    def of(unit):
        episodes = [
            each._replace(observations=each.observations * unit)
            for each in [*EXPERTS, walk(400, 9, pace=0.5)]
        ]
        return ImitationDistance(demonstrated(episodes[:4]), SPACE).of(episodes[4:])

    assert of(1.0) == pytest.approx(of(1e-6), abs=1e-3) == pytest.approx(of(1e6), abs=1e-3)


def test_nothing_is_asked_after_the_end_of_demonstrations_that_were_cut():
    longer = [walk(900, seed) for seed in range(4)]
    cut = [
        each._replace(observations=each.observations[:501], actions=each.actions[:500])
        for each in longer
    ]
    assert ImitationDistance(demonstrated(cut), SPACE).of(longer) == 0.0
    # Those that came to an end say how long it takes.
    ended = demonstrated([each._replace(terminated=True) for each in cut])
    assert ImitationDistance(ended, SPACE).of(longer) > 0.8


def test_lengths_are_known_of_demonstrations_of_which_pairs_were_left_out(distance):
    thin = ImitationDistance(demonstrated(EXPERTS, subsample=20), SPACE)
    like = [walk(500, seed) for seed in range(10, 20)]
    assert thin.of(like) == pytest.approx(distance.of(like), abs=0.05)
    # One whose only pair was left out tells nothing.
    short = demonstrated([walk(1, 0), *EXPERTS])
    without = short._replace(
        **{name: getattr(short, name)[1:] for name in ("observations", "actions")},
        pairs_of_each=(0, *short.pairs_of_each[1:]),
    )
    assert ImitationDistance(without, SPACE).of(like) == distance.of(like)


def test_it_is_the_same_in_another_process(distance):
    like = [walk(500, seed) for seed in range(10, 20)]
    assert pickle.loads(pickle.dumps(distance)).of(like) == distance.of(like)


def test_choices_are_compared_by_how_often_they_are_made():
    distance = ImitationDistance(sample_data.load("CartPole"), Discrete(2))
    random = play_randomly("CartPole", 10, seed=0)
    lengths = np.mean([200 - len(episode.actions) for episode in random]) / 200
    assert lengths + 0.1 < distance.of(random) < lengths + 0.577
    right = [episode._replace(actions=np.ones_like(episode.actions)) for episode in random]
    assert distance.of(right) > distance.of(random)


def test_it_is_told_beside_what_it_is_to_be_compared_with():
    assert describe(0.25, None) == "0.250"
    assert describe(0.25, 0.0123) == "0.250, of demonstrations 0.012"


def test_not_to_fall_where_the_expert_fell_is_no_fault():
    expert = demonstrated([*EXPERTS[:3], walk(250, 3, terminated=True)])
    never = [walk(500, seed) for seed in range(10, 18)]
    often = [*never[:4], *(walk(250, seed, terminated=True) for seed in range(20, 24))]
    measured = ImitationDistance(expert, SPACE)
    # If longer episodes counted as far away, those that never fall would be at 0.14 and more.
    assert measured.of(never) < 0.1 < measured.of(often)


def test_whole_numbers_are_as_far_apart_as_the_same_numbers_with_a_point():
    def counted(dtype: Any) -> list[Episode]:
        return [
            each._replace(observations=(10.0 * each.observations).astype(np.int64).astype(dtype))
            for each in EXPERTS
        ]

    distance = ImitationDistance(demonstrated(counted(np.float64)), SPACE)
    assert distance.of(counted(np.int64)) == distance.of(counted(np.float64)) == 0.0
