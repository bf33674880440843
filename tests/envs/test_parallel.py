from collections.abc import Iterable
import pathlib

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.make import make_environment
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.errors import EnvironmentFailed

NUM_ENVS = 3


def make(name: str, seed: int = 1) -> ParallelEnvironments:
    return ParallelEnvironments(name, NUM_ENVS, seed, lambda env: CutEpisodes(env, 60))


def advance(envs: ParallelEnvironments, actions: Iterable[np.ndarray]) -> list[np.ndarray]:
    """All that is seen while the environments take actions [steps, num_envs, ...]."""
    return [values for action in actions for values in (*envs.step(action), envs.observation)]


@pytest.mark.parametrize("name", ["CartPole", "Hopper", "Acrobot"])
def test_a_checkpoint_restores_unfinished_episodes_exactly(name: str, tmp_path: pathlib.Path):
    space = make_environment(name).action_space
    space.seed(0)
    actions = np.array([[space.sample() for _ in range(NUM_ENVS)] for _ in range(120)])
    envs = make(name)
    advance(envs, actions[:70])
    file = tf.train.Checkpoint(environments=envs).save(str(tmp_path / "checkpoint"))
    expected = [envs.observation, *advance(envs, actions[70:])]
    assert any(ended.any() for ended in expected[3::5])

    restored = make(name)
    advance(restored, actions[60:100])  # It was somewhere else.
    tf.train.Checkpoint(environments=restored).restore(file).assert_consumed()
    assert restored.steps == 70 * NUM_ENVS
    seen = [restored.observation, *advance(restored, actions[70:])]
    for values, expected_values in zip(seen, expected, strict=True):
        np.testing.assert_array_equal(values, expected_values)
    assert restored.steps == envs.steps == 120 * NUM_ENVS


class ChangesItsAction(gymnasium.Wrapper):
    """Halves the action in place, as some wrappers do."""

    def step(self, action):
        action *= 0.5
        return self.env.step(action)


def test_environments_may_change_the_actions_that_they_are_given():
    def make_changing() -> ParallelEnvironments:
        return ParallelEnvironments("Pendulum-v1", NUM_ENVS, 1, ChangesItsAction)

    envs, restored = make_changing(), make_changing()
    actions = np.random.default_rng(0).uniform(-2.0, 2.0, (20, NUM_ENVS, 1))
    advance(envs, actions.astype(np.float32))
    restored.deserialize(envs.serialize())
    np.testing.assert_array_equal(restored.observation, envs.observation)
    assert restored.serialize() == envs.serialize()


def test_an_episodes_end_is_seen_before_the_next_one_starts():
    envs = ParallelEnvironments("CartPole", 2, seed=0)
    ends = 0
    for _ in range(60):
        before = envs.observation
        next_observation, terminated, ended, _ = envs.step(np.array([1, 0]))
        # One step moves the cart by its velocity; only a new episode moves it elsewhere.
        np.testing.assert_allclose(
            next_observation[:, 0], before[:, 0] + 0.02 * before[:, 1], atol=1e-5
        )
        np.testing.assert_array_equal(envs.observation[~ended], next_observation[~ended])
        assert np.abs(envs.observation[ended]).max(initial=0.0) <= 0.05
        assert np.abs(next_observation[terminated, 2]).min(initial=1.0) > 0.2
        ends += ended.sum()
    assert ends > 4


def test_episodes_differ_between_environments_and_in_time():
    envs = ParallelEnvironments("CartPole", 4, seed=0)
    starts = [envs.observation]
    while len(starts) < 3:
        if envs.step(np.ones(4, int))[2].all():
            starts.append(envs.observation)
    assert len(np.unique(np.concatenate(starts), axis=0)) == 12


def nan_environments() -> ParallelEnvironments:
    return ParallelEnvironments("misbehaving:NaN-v0", 1, seed=0)


def test_a_step_that_leads_nowhere_ends_its_episode():
    envs, ages, age = nan_environments(), [], 0
    for _ in range(50):
        before = envs.observation
        next_observation, terminated, ended, finite = envs.step(np.ones([1, 1], np.float32))
        assert np.isfinite(next_observation).all() and not terminated
        age += 1
        if not finite:
            assert ended
            np.testing.assert_array_equal(next_observation, before)
        if ended:
            ages.append((age, bool(finite)))
            age = 0
        assert np.isfinite(envs.observation).all()
    # The third diverges.
    assert ages == [(12, True), (12, True), (9, False), (12, True)]
    assert envs.position.not_finite == 1


def test_episodes_that_begin_nowhere_are_left_out():
    envs = ParallelEnvironments("misbehaving:NaNAtFirst-v0", 4, seed=0)
    # Its place, where its episodes do begin, is at least 0.
    assert (envs.observation[:, 0] >= 0.0).all()
    assert envs.position.not_finite == sum(envs.position.episode) > 0


def test_a_simulator_that_seldom_works_is_no_good():
    envs = ParallelEnvironments("misbehaving:AlwaysNaN-v0", 2, seed=0)
    with pytest.raises(EnvironmentFailed, match="11 of .. steps gave observations that are not"):
        for _ in range(100):
            envs.step(np.ones([2, 1], np.float32))


def test_a_simulator_that_never_begins_is_no_good():
    envs = ParallelEnvironments("misbehaving:NeverBegins-v0", 2, seed=0)
    with pytest.raises(EnvironmentFailed, match="reset gave 11 observations that are not finite"):
        envs.step(np.ones([2, 1], np.float32))


def test_an_episode_that_is_given_up_is_restored_as_such():
    envs, actions = ParallelEnvironments("CartPole", 2, seed=0), np.array([0, 1])
    envs.set_aside()
    assert envs.position.cut == [False, False]  # Nothing had happened in them.
    advance(envs, [actions] * 3)
    envs.set_aside()
    assert envs.position.cut == [True, True] and envs.position.episode == [1, 1]
    restored = ParallelEnvironments("CartPole", 2, seed=0)
    restored.deserialize(envs.serialize())
    assert restored.position.cut == [True, True]
    np.testing.assert_array_equal(restored.observation, envs.observation)
    # Those of new environments are other ones.
    assert (envs.observation != ParallelEnvironments("CartPole", 2, seed=0).observation).all()
