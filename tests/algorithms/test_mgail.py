from typing import Any

import keras
from learners import (
    ACTION,
    EXPERT_TERMINATION_RATE,
    LENGTH,
    NUM_ENVS,
    OBSERVATION,
    copy,
    draw_batch,
    draw_experience,
    make_mgail,
    record_gradients,
)
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms import mgail
from mgail_tf.algorithms.objective import Rollout, objective, prediction_loss
from mgail_tf.algorithms.returns import value_targets
from mgail_tf.networks.discriminator import EXPERT, classification_loss

COST_OF_TERMINATION = 3.0
# Where an episode ends in a batch of 4 segments: two steps of the first, and one of the second,
# are behind an end.
ENDS: Any = {"ends": [(0, 0)], "terminations": [(1, 1)]}
ALIVE = np.array([[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1]], np.float32)


@pytest.fixture(autouse=True, scope="module")
def eagerly():
    """To trace a graph takes longer than the few updates of a test."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def assert_one_step(applied, network, gradients):
    """An optimizer was given these gradients of all weights of a network, once."""
    [(given, variables)] = applied
    assert [id(variable) for variable in variables] == [
        id(variable) for variable in network.trainable_variables
    ]
    for each, expected in zip(given, gradients, strict=True):
        np.testing.assert_allclose(each, expected, rtol=1e-4, atol=1e-6)
    assert global_norm(gradients) > 1e-3


def global_norm(gradients):
    return np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients))


# --- The averaged policy, and what falls over the run.


@pytest.mark.parametrize("window", [0.0, 0.1, 1.0])
def test_averaged_policy_reaches_back_a_fraction_of_the_updates(window):
    learner = make_mgail(averaging_window=window, use_value=False)
    networks = learner.networks
    average = newest = networks.policy.trainable_variables[0].numpy()
    for update in range(1, 6):
        learner.update_policy(draw_batch(seed=update), COST_OF_TERMINATION)
        newest = networks.policy.trainable_variables[0].numpy()
        average = average + (newest - average) / (1.0 + window * update)
        np.testing.assert_allclose(
            networks.average_policy.trainable_variables[0], average, atol=1e-6
        )
    assert np.abs(average - newest).max() > 1e-5 or not window


def test_the_average_of_a_window_of_1_is_the_mean_of_all_policies():
    learner = make_mgail(averaging_window=1.0, use_value=False)
    policies = [learner.networks.policy.trainable_variables[0].numpy()]
    for update in range(3):
        learner.update_policy(draw_batch(seed=update), COST_OF_TERMINATION)
        policies.append(learner.networks.policy.trainable_variables[0].numpy())
    average = learner.networks.average_policy.trainable_variables[0]
    np.testing.assert_allclose(average, np.mean(policies, 0), atol=1e-6)


ROUNDS = 2
RATES = {"policy": 0.04, "value": 0.03, "discriminator": 0.02, "forward_model": 0.01}
UPDATES = {"policy": 2, "value": 2, "discriminator": 3, "forward_model": 1}


@pytest.fixture(scope="module")
def course():
    """What falls over a run: at its start, its middle, its end, and a round later.

    Each of them is a dict of the iterations and the learning rates of the optimizers by name, and
    of the deviation of the actions of either policy.
    """
    rates: dict[str, Any] = {f"{name}_learning_rate": rate for name, rate in RATES.items()}
    learner = make_mgail(
        ROUNDS,
        discriminator_updates=3,
        final_learning_rate_scale=0.1,
        final_noise_scale=0.2,
        **rates,
    )

    def look():
        optimizers = {name: getattr(learner.optimizers, name) for name in RATES}
        policies = learner.networks.policy, learner.networks.average_policy
        return {
            "iterations": {name: int(adam.iterations) for name, adam in optimizers.items()},
            "rates": {name: float(adam.learning_rate) for name, adam in optimizers.items()},
            "stddevs": [policy(tf.zeros([1, OBSERVATION])).stddev()[0] for policy in policies],
        }

    looks = [look()]
    for round_ in range(ROUNDS + 1):
        learner.update(draw_experience(round_))
        looks.append(look())
    return looks


def test_every_network_is_updated_as_often_as_it_should_be(course):
    for rounds, look in enumerate(course):
        assert look["iterations"] == {name: rounds * each for name, each in UPDATES.items()}


def test_learning_rates_fall_linearly_over_the_run(course):
    for look, scale in zip(course, [1.0, 0.55, 0.1, 0.1], strict=True):
        expected = {name: scale * rate for name, rate in RATES.items()}
        assert look["rates"] == pytest.approx(expected, rel=1e-5)


def test_noise_falls_linearly_to_its_final_scale(course):
    for look, scale in zip(course, [1.0, 0.6, 0.2, 0.2], strict=True):
        for stddev in look["stddevs"]:
            np.testing.assert_allclose(stddev, [0.3 * scale] * ACTION, rtol=1e-5)


# --- One update of each network.


def draw_rollout():
    observations, next_observations = np.random.default_rng(2).normal(
        size=(2, LENGTH, 4, OBSERVATION)
    )
    fields = observations, np.zeros([LENGTH, 4, ACTION]), next_observations
    return Rollout(*(tf.constant(field, tf.float32) for field in fields))


def draw_cost():
    cost = np.random.default_rng(3).uniform(0.1, 2.0, (LENGTH, 4))
    return tf.constant(cost, tf.float32)


@pytest.mark.parametrize("restart", [False, True])
def test_value_takes_a_step_towards_its_targets_at_the_steps_that_count(restart):
    learner = make_mgail(restart_segments=restart, value_decay=0.7)
    value, slow_value = learner.networks.value, learner.networks.slow_value
    # Unlike the value, so that one cannot stand for the other.
    slow_value.set_weights([weight + 0.1 for weight in slow_value.get_weights()])
    slow_before = copy(slow_value.trainable_variables)
    cost, segment, rollout = draw_cost(), draw_batch(**ENDS), draw_rollout()
    weight = np.ones_like(ALIVE) if restart else ALIVE
    targets = value_targets(
        slow_value,
        cost,
        rollout,
        segment,
        discount=0.99,
        decay=0.7,
        cost_of_termination=COST_OF_TERMINATION,
        restart=restart,
    ).numpy()
    with tf.GradientTape() as tape:
        errors = (value.estimates(rollout.observations) - targets[..., None]) ** 2
        loss = tf.reduce_sum(weight[..., None] * errors) / (LENGTH * 4 * 2)
    gradients = tape.gradient(loss, value.trainable_variables)

    applied = record_gradients(learner.optimizers.value)
    metrics = learner.update_value(cost, rollout, segment, COST_OF_TERMINATION)
    assert_one_step(applied, value, gradients)
    mean = np.sum(weight * targets) / np.sum(weight)
    expected = loss, global_norm(gradients), mean, COST_OF_TERMINATION
    names = "loss", "gradient_norm", "mean", "cost_of_termination"
    assert list(metrics) == [f"value/{name}" for name in names]
    np.testing.assert_allclose(list(metrics.values()), expected, rtol=1e-5)
    # By default it keeps 0.98 of itself.
    for slow, old, new in zip(
        slow_value.trainable_variables, slow_before, value.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(slow, 0.98 * old + 0.02 * new.numpy(), atol=1e-6)


def test_value_learns_nothing_from_steps_behind_an_end():
    cost = draw_cost()
    outcomes = []
    for each in cost, tf.where(ALIVE == 1.0, cost, 50.0):
        keras.utils.set_random_seed(0)
        learner = make_mgail()
        arguments = each, draw_rollout(), draw_batch(**ENDS), COST_OF_TERMINATION
        metrics = {name: float(v) for name, v in learner.update_value(*arguments).items()}
        outcomes.append((metrics, copy(learner.networks.value.trainable_variables)))
    (metrics, weights), (dead_metrics, dead_weights) = outcomes
    assert dead_metrics == metrics
    for weight, dead_weight in zip(weights, dead_weights, strict=True):
        np.testing.assert_array_equal(dead_weight, weight)


@pytest.mark.parametrize("use_value", [False, True])
def test_policy_takes_a_step_down_the_objective(use_value):
    learner = make_mgail(use_value=use_value, discount=0.8, state_gradient_clip=0.01)
    networks = learner.networks
    networks.slow_value.set_weights([w + 0.1 for w in networks.slow_value.get_weights()])
    applied = record_gradients(learner.optimizers.policy)
    value_before = copy(networks.value.trainable_variables)
    segment = draw_batch(**ENDS)
    with tf.GradientTape() as tape:
        J, _, _ = objective(
            networks.policy,
            networks.discriminator,
            networks.forward_model,
            segment,
            0.8,
            networks.slow_value if use_value else None,
            history=1,
            state_gradient_clip=0.01,
        )
    gradients = tape.gradient(J, networks.policy.trainable_variables)
    metrics = learner.update_policy(segment, COST_OF_TERMINATION)
    assert_one_step(applied, networks.policy, gradients)
    np.testing.assert_allclose(metrics["policy/loss"], J, rtol=1e-5)
    np.testing.assert_allclose(metrics["policy/gradient_norm"], global_norm(gradients), rtol=1e-4)
    # The value learns along the same rollout, if there is one.
    assert any(name.startswith("value/") for name in metrics) == use_value
    moved = [
        (new != old).any()
        for new, old in zip(copy(networks.value.trainable_variables), value_before, strict=True)
    ]
    assert any(moved) == use_value


def draw_pairs(seed):
    segment = draw_batch(batch=8, length=1, seed=seed)
    return segment.observation[0], segment.action[0]


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_discriminator_takes_a_step_down_its_loss_and_penalty(weight, monkeypatch):
    learner = make_mgail(gradient_penalty=weight)
    discriminator = learner.networks.discriminator
    rng = np.random.default_rng(8)
    discriminator.set_weights([rng.normal(size=w.shape) for w in discriminator.get_weights()])
    before = copy(discriminator.trainable_variables)
    applied = record_gradients(learner.optimizers.discriminator)
    expert, agent = draw_pairs(5), draw_pairs(6)
    mixtures = []
    actual = mgail.gradient_penalty

    def record(discriminator, expert_pair, agent_pair, mixture):
        assert expert_pair is expert and agent_pair is agent
        mixtures.append(mixture)
        return actual(discriminator, expert_pair, agent_pair, mixture)

    monkeypatch.setattr(mgail, "gradient_penalty", record)
    verdicts = [np.argmax(discriminator(*pair), -1) == EXPERT for pair in (expert, agent)]
    metrics = learner.update_discriminator(expert, agent)
    [mixture] = mixtures
    assert mixture.shape == (8, 1)
    # 8 uniform numbers: within half of the interval with a probability of 0.04.
    assert np.min(mixture) >= 0.0 and np.max(mixture) <= 1.0 and np.ptp(mixture) > 0.3

    for variable, old in zip(discriminator.trainable_variables, before, strict=True):
        variable.assign(old)
    with tf.GradientTape() as tape:
        loss = classification_loss(discriminator(*expert), discriminator(*agent))
        penalty = actual(discriminator, expert, agent, mixture)
        total = loss + weight * penalty
    gradients = tape.gradient(total, discriminator.trainable_variables)
    assert_one_step(applied, discriminator, gradients)
    np.testing.assert_allclose(metrics["discriminator/loss"], loss, rtol=1e-5)
    np.testing.assert_allclose(metrics["discriminator/gradient_penalty"], penalty, rtol=1e-5)
    norm = global_norm(gradients)
    np.testing.assert_allclose(metrics["discriminator/gradient_norm"], norm, rtol=1e-4)
    accuracies = np.mean(verdicts[0]), np.mean(~verdicts[1])
    assert min(accuracies) > 0.0 and max(accuracies) < 1.0 and accuracies[0] != accuracies[1]
    np.testing.assert_allclose(metrics["discriminator/accuracy_expert"], accuracies[0])
    np.testing.assert_allclose(metrics["discriminator/accuracy_agent"], accuracies[1])


def test_forward_model_takes_a_step_down_its_prediction_error():
    learner = make_mgail()
    model = learner.networks.forward_model
    applied = record_gradients(learner.optimizers.forward_model)
    segment = draw_batch(**ENDS)
    with tf.GradientTape() as tape:
        loss = prediction_loss(model, segment)
    gradients = tape.gradient(loss, model.trainable_variables)
    metrics = learner.update_forward_model(segment)
    assert_one_step(applied, model, gradients)
    np.testing.assert_allclose(metrics["forward_model/loss"], loss, rtol=1e-5)
    norm = global_norm(gradients)
    np.testing.assert_allclose(metrics["forward_model/gradient_norm"], norm, rtol=1e-4)


# --- A round.


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
    assert metrics == {"forward_model/calls": 2.0, "discriminator/calls": 1.5, "policy/calls": 2.5}
    # The buffer holds it as the networks see it: the encoders have means of 0.5 and 0.1.
    stored = learner.replay.sample(200, LENGTH, [0, 0])
    observations, actions = stored.observation.numpy()[0], stored.action.numpy()[0]
    expected = (experience.observation.numpy()[0] - 0.5) / 2.0
    np.testing.assert_allclose(np.unique(observations, axis=0), np.unique(expected, axis=0))
    expected = (experience.action.numpy()[0] - 0.1) / 0.5
    np.testing.assert_allclose(np.unique(actions, axis=0), np.unique(expected, axis=0), rtol=1e-6)
    # 2 of its 6 steps ended in a termination.
    for _, cost_of_termination in calls.arguments["policy"]:
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
    learner.replay.push(learner._encoders.encode(experience))
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


def test_averages_begin_where_the_networks_are():
    networks = make_mgail().networks
    for average, model in (
        (networks.average_policy, networks.policy),
        (networks.slow_value, networks.value),
    ):
        assert average is not model
        for slow, weight in zip(average.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(slow, weight)


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
