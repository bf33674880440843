import gymnasium
from learners import copy, record_gradients
import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf.algorithms.behavioural_cloning import BehaviouralCloning
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.data.replay import Replay
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder

pytestmark = pytest.mark.usefixtures("eagerly")

OBSERVATION, ACTION, PAIRS = 3, 2, 20


def make(pairs=PAIRS, seed=0, **options):
    options = {"policy_hidden": (20,), "batch_size": 7, "policy_learning_rate": 0.03} | options
    encoders = Encoders(
        ObservationEncoder(np.full(OBSERVATION, 0.5), np.full(OBSERVATION, 2.0), 10.0),
        action_encoder(gymnasium.spaces.Box(-9.0, 9.0, (ACTION,)), 0.1, 0.5),
    )
    # Actions that have nothing to do with the observations: what is learned does not carry over.
    demonstrated = Replay.of(sample_data.draw(pairs, OBSERVATION), encoders, 1)
    return BehaviouralCloning(CloningOptions(**options), encoders, demonstrated, seed=seed)


def watch_updates(learner):
    """The pairs [batch, OBSERVATION + ACTION] of each update from now on."""
    batches, update = [], learner.update

    def watch(observation, action):
        batches.append(np.hstack([observation, action]))
        return update(observation, action)

    learner.update = watch
    return batches


def as_rows(pairs):
    """All pairs of demonstrations [pairs, OBSERVATION + ACTION] as the networks see them."""
    demonstrated = sample_data.draw(pairs, OBSERVATION)
    observations = (demonstrated.observations - 0.5) / 2.0
    return np.hstack([observations, (demonstrated.actions - 0.1) / 0.5])


def find(rows, pairs):
    """Which of all pairs these rows are."""
    distances = np.abs(rows[:, None] - as_rows(pairs)).max(-1)
    assert (distances.min(-1) < 1e-5).all()
    return distances.argmin(-1)


def log_likelihood(policy, rows):
    """The mean log density of pairs, by the formula of the Gaussian."""
    distribution = policy(rows[:, :OBSERVATION].astype(np.float32))
    mean, stddev = distribution.mean().numpy(), distribution.stddev().numpy()
    error = (rows[:, OBSERVATION:] - mean) / stddev
    return np.mean(np.sum(-0.5 * error**2 - np.log(stddev * np.sqrt(2.0 * np.pi)), -1))


def test_an_epoch_learns_from_every_pair_of_its_part_once():
    learner = make(batch_size=7)
    batches = watch_updates(learner)
    orders = []
    for _ in range(2):
        learner.learn()
        # 70 % of 20 pairs are two batches of 7.
        assert [len(batch) for batch in batches] == [7, 7]
        orders.append(find(np.vstack(batches), PAIRS))
        batches.clear()
    assert len(set(orders[0])) == 14
    assert set(orders[0]) == set(orders[1]) and (orders[0] != orders[1]).any()


def test_a_batch_has_no_more_pairs_than_there_are():
    learner = make(batch_size=100)
    batches = watch_updates(learner)
    learner.learn()
    assert [len(batch) for batch in batches] == [14]


@pytest.mark.parametrize(
    ("pairs", "fraction", "learned", "judged"),
    [(20, 0.7, 14, 6), (20, 0.5, 10, 10), (3, 0.99, 2, 1), (2, 0.01, 1, 1), (1, 0.7, 1, 1)],
)
def test_at_least_one_pair_is_learned_from_and_one_judged_by(pairs, fraction, learned, judged):
    learner = make(pairs, training_fraction=fraction, batch_size=1)
    batches = watch_updates(learner)
    metrics = learner.learn()
    seen = find(np.vstack(batches), pairs)
    assert len(seen) == len(set(seen)) == learned
    held_out = [index for index in range(pairs) if index not in seen] or [0]
    assert len(held_out) == judged
    for name, chosen in ("", seen), ("held_out_", held_out):
        expected = log_likelihood(learner.policy, as_rows(pairs)[chosen])
        np.testing.assert_allclose(metrics[f"cloning/{name}log_likelihood"], expected, rtol=1e-4)


def test_the_seed_decides_the_split_and_the_order():
    orders = []
    for seed in 0, 0, 1:
        learner = make(seed=seed)
        batches = watch_updates(learner)
        learner.learn()
        orders.append(find(np.vstack(batches), PAIRS).tolist())
    assert orders[0] == orders[1] != orders[2]
    assert set(orders[0]) != set(orders[2])


def test_an_update_is_a_step_up_the_likelihood():
    learner = make(policy_learning_rate=0.004)
    rows = tf.constant(as_rows(PAIRS)[:5], tf.float32)
    applied = record_gradients(learner._optimizer)
    with tf.GradientTape() as tape:
        distribution = learner.policy(rows[:, :OBSERVATION])
        loss = -tf.reduce_mean(distribution.log_prob(rows[:, OBSERVATION:]))
    gradients = tape.gradient(loss, learner.policy.trainable_variables)
    learner.update(rows[:, :OBSERVATION], rows[:, OBSERVATION:])
    [(given, variables)] = applied
    assert [id(v) for v in variables] == [id(v) for v in learner.policy.trainable_variables]
    for gradient, expected in zip(given, gradients, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(learner._optimizer.learning_rate, 0.004, rtol=1e-6)


def test_the_best_policy_by_the_pairs_that_it_did_not_learn_from_is_exported():
    learner = make(patience=6, max_epochs=1000)
    likelihoods, policies = [], []
    while not learner.finished:
        likelihoods.append(float(learner.learn()["cloning/held_out_log_likelihood"]))
        policies.append(copy(learner.policy.get_weights()))
    best = int(np.argmax(likelihoods))
    # It rises, then falls: neither the first nor the last is the best.
    assert 0 < best == len(likelihoods) - 1 - 6
    for weight, expected in zip(learner.best_policy.get_weights(), policies[best], strict=True):
        np.testing.assert_array_equal(weight, expected)
    raw = sample_data.draw(PAIRS, OBSERVATION).observations
    mean = learner.best_policy((raw - 0.5) / 2.0).mean().numpy()
    actions = learner.deployed_policy.deterministic(raw)
    np.testing.assert_allclose(actions, 0.5 * mean + 0.1, rtol=1e-4, atol=1e-6)
    assert np.abs(0.5 * learner.policy((raw - 0.5) / 2.0).mean() + 0.1 - actions).max() > 0.01


def test_it_needs_no_environment():
    learner = make()
    assert learner.steps_per_round == 0
    assert learner.learn(collector=None) and learner.histograms(0) == {}


def test_a_fresh_policy_is_about_as_spread_as_the_actions():
    # Normalised actions have a deviation of 1; learned from there on.
    policy = make(policy_hidden=(100, 50)).policy
    np.testing.assert_array_equal(policy.initial_stddev, [1.0, 1.0])
    observations = np.random.default_rng(0).normal(size=(200, OBSERVATION)).astype(np.float32)
    stddev = policy(observations).stddev().numpy()
    assert 0.5 < np.exp(np.mean(np.log(stddev))) < 2.0
    assert len(np.unique(stddev)) > 100
