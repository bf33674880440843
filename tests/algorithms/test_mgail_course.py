"""What falls over a run, and the averaged policy."""

from typing import Any

from learners import (
    ACTION,
    COST_OF_TERMINATION,
    OBSERVATION,
    draw_batch,
    draw_experience,
    make_mgail,
)
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.usefixtures("eagerly")

ROUNDS = 2


def update_policy(learner, seed):
    segment = draw_batch(seed=seed)
    pair = segment.observation[0], segment.action[0]
    return learner.update_policy(segment, pair, COST_OF_TERMINATION)


RATES = {"policy": 0.04, "value": 0.03, "discriminator": 0.02, "forward_model": 0.01}
UPDATES = {"policy": 2, "value": 2, "discriminator": 3, "forward_model": 1}


@pytest.mark.parametrize("window", [0.0, 0.1, 1.0])
def test_averaged_policy_reaches_back_a_fraction_of_the_updates(window):
    learner = make_mgail(averaging_window=window, use_value=False)
    networks = learner.networks
    average = newest = networks.policy.trainable_variables[0].numpy()
    for update in range(1, 6):
        update_policy(learner, update)
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
        update_policy(learner, update)
        policies.append(learner.networks.policy.trainable_variables[0].numpy())
    average = learner.networks.average_policy.trainable_variables[0]
    np.testing.assert_allclose(average, np.mean(policies, 0), atol=1e-6)


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


def test_learning_rates_stay(course):
    for look in course:
        assert look["rates"] == pytest.approx(RATES, rel=1e-5)


def test_noise_falls_linearly_to_its_final_scale(course):
    for look, scale in zip(course, [1.0, 0.6, 0.2, 0.2], strict=True):
        for stddev in look["stddevs"]:
            np.testing.assert_allclose(stddev, [0.3 * scale] * ACTION, rtol=1e-5)


def test_averages_begin_where_the_networks_are():
    networks = make_mgail().networks
    for average, model in (
        (networks.average_policy, networks.policy),
        (networks.slow_value, networks.value),
    ):
        assert average is not model
        for slow, weight in zip(average.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(slow, weight)
