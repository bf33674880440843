"""A round of acting and learning."""

from typing import Any

import keras
from learners import (
    ACTION,
    EXPERT_TERMINATION_RATE,
    LENGTH,
    NUM_ENVS,
    OBSERVATION,
    draw_experience,
    make_mgail,
)
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.usefixtures("eagerly")


class Calls:
    """Stands in for the updates, and counts them."""

    def __init__(self, learner):
        self.arguments, self.order = {}, []
        for name in "forward_model", "discriminator", "policy":
            setattr(learner, f"update_{name}", self._stand_in(name))

    def _stand_in(self, name):
        def update(*arguments):
            self.order.append(name)
            calls = self.arguments.setdefault(name, [])
            calls.append(arguments)
            return {f"{name}/calls": float(len(calls))}

        return update


def test_a_round_stores_what_happened_and_updates_every_network():
    learner = make_mgail(
        rounds=3, policy_updates=4, discriminator_updates=2, forward_model_updates=3
    )
    calls = Calls(learner)
    experience = draw_experience(terminations=[(1, 0), (2, 1)])
    metrics = learner.update(experience)
    assert calls.order == ["forward_model"] * 3 + ["discriminator"] * 2 + ["policy"] * 4
    # Means over the updates: of 1, 2, 3; of 1, 2; of 1, 2, 3, 4.
    assert metrics.pop("policy/times_gone_back") == 0
    assert metrics == {"forward_model/calls": 2.0, "discriminator/calls": 1.5, "policy/calls": 2.5}
    # The buffer holds it as the networks see it: the encoders have means of 0.5 and 0.1.
    stored = learner.replay.sample(200, LENGTH, [0, 0])
    observations, actions = stored.observation.numpy()[0], stored.action.numpy()[0]
    expected = (experience.observation.numpy()[0] - 0.5) / 2.0
    np.testing.assert_allclose(np.unique(observations, axis=0), np.unique(expected, axis=0))
    expected = (experience.action.numpy()[0] - 0.1) / 0.5
    np.testing.assert_allclose(np.unique(actions, axis=0), np.unique(expected, axis=0), rtol=1e-6)
    # 2 of its 6 steps ended in a termination.
    for _, _, cost_of_termination in calls.arguments["policy"]:
        expected_cost = np.log(1.0 + 2.0 / 6.0 / EXPERT_TERMINATION_RATE)
        np.testing.assert_allclose(cost_of_termination, expected_cost, rtol=1e-6)
    # Each update has a batch of its own.
    batches = [arguments[0].noise.numpy() for arguments in calls.arguments["policy"]]
    assert len(np.unique(batches, axis=0)) == 4


def test_a_round_acts_and_learns_from_what_happened(monkeypatch):
    learner = make_mgail()
    experience = draw_experience()

    class FakeCollector:
        steps, cut = 0, np.zeros(NUM_ENVS, bool)

        def collect(self, act, length):
            assert act == learner.act and length == LENGTH
            return experience

    monkeypatch.setattr(learner, "update", lambda segment: {"seen": segment})
    collector: Any = FakeCollector()
    assert learner.learn(collector) == {"seen": experience}
    assert learner.steps_per_round == NUM_ENVS * LENGTH
    assert not learner.finished

    # What turns out to have been an episode's last step is marked as such, and nothing else.
    learner.replay.push(learner.encoders.encode(experience))
    learner.learn(collector)
    assert (learner.replay._storage.ended.numpy() == 0.0).all()
    collector.cut[1] = True
    learner.learn(collector)
    ended = learner.replay._storage.ended.numpy()
    assert np.argwhere(ended).tolist() == [[LENGTH - 1, 1]]


def test_acting_is_the_policys_sample_between_the_encoders():
    learner = make_mgail()
    raw = np.random.default_rng(7).normal(size=(50, OBSERVATION)).astype(np.float32)
    action, noise = learner.act(raw, np.array([3, 4], np.int32))
    again, same = learner.act(raw, np.array([3, 4], np.int32))
    _, other = learner.act(raw, np.array([3, 5], np.int32))
    np.testing.assert_array_equal(action, again)
    np.testing.assert_array_equal(noise, same)
    assert (noise.numpy() != other.numpy()).all()
    # 100 standard normal numbers: beyond these bounds with a probability below 1e-4.
    assert noise.shape == (50, ACTION) and 0.7 < np.std(noise) < 1.3
    sample = learner.networks.policy.sample((raw - 0.5) / 2.0, noise)
    np.testing.assert_allclose(action, np.asarray(sample) * 0.5 + 0.1, rtol=1e-5)


def test_the_averaged_policy_is_deployed():
    learner = make_mgail()
    average = learner.networks.average_policy
    average.set_weights([weight + 0.1 for weight in average.get_weights()])
    raw = np.random.default_rng(8).normal(size=(5, OBSERVATION)).astype(np.float32)
    expected = average.mode((raw - 0.5) / 2.0).numpy() * 0.5 + 0.1
    np.testing.assert_allclose(learner.deployed_policy.deterministic(raw), expected, rtol=1e-5)
    assert (
        np.abs(learner.networks.policy.mode((raw - 0.5) / 2.0) * 0.5 + 0.1 - expected).max() > 0.1
    )


def test_a_seed_decides_what_is_drawn():
    batches = []
    for seed in 0, 0, 1:
        keras.utils.set_random_seed(0)
        learner = make_mgail(seed=seed)
        calls = Calls(learner)
        learner.update(draw_experience())
        batches.append(calls.arguments["policy"][0][0].observation.numpy())
    np.testing.assert_array_equal(batches[0], batches[1])
    assert (batches[0] != batches[2]).any()


def test_histograms_are_of_the_newest_experience_and_the_demonstrations():
    learner = make_mgail(rounds=600, num_envs=1000, policy_segments=2)
    # Two steps of each environment are the newest 2000 of all: the last two of a round's three.
    for round_ in range(2):
        rows = np.arange(LENGTH)[:, None, None] + 10.0 * round_ + np.zeros([1, 1000, OBSERVATION])
        raw = draw_experience()
        zeros = np.zeros([LENGTH, 1000, ACTION], np.float32)
        learner.replay.push(
            raw._replace(
                observation=tf.constant(rows, tf.float32),
                action=zeros,
                noise=zeros,
                next_observation=tf.constant(rows, tf.float32),
                terminated=zeros[..., 0],
                ended=zeros[..., 0],
            )
        )
    histograms = learner.histograms(5)
    np.testing.assert_array_equal(np.unique(histograms["observation/00_agent"]), [11.0, 12.0])
    for name, values in histograms.items():
        assert values.shape == (1000,), name
    observations, _ = learner.demonstrated.pairs()
    for index in range(OBSERVATION):
        shown = histograms[f"observation/0{index}_expert"]
        # Each of 30 pairs is among 1000 draws but with a probability of 2e-15.
        np.testing.assert_array_equal(np.unique(shown), np.unique(observations[:, index]))
    again, other = learner.histograms(5), learner.histograms(6)
    name = "observation/00_expert"
    np.testing.assert_array_equal(again[name], histograms[name])
    assert (other[name] != histograms[name]).any()
