"""The authors' loop: whose turn it is, how it begins, and how it is resumed."""

from typing import Any

from authors_loops import (
    SMALL,
    SPACES,
    Line,
    changed,
    demonstrations,
    make_loop,
    weights,
    without_updates,
)
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms.authors import AuthorsLoop, turn_of
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.envs.single import SingleEnvironment
from mgail_tf.errors import UserError


def test_turns_of_the_authors():
    options = AuthorsOptions()
    turns = [turn_of(iteration, options) for iteration in range(1500)]
    policy = np.flatnonzero([turn.policy for turn in turns])
    assert policy.tolist() == [1000, *range(1101, 1201), *range(1301, 1401)]
    pieces = np.flatnonzero([turn.piece for turn in turns])
    assert pieces.tolist() == list(range(1005, 1500, 15))
    assert np.flatnonzero([turn.test for turn in turns]).tolist() == [0, 1000]


def test_each_iteration_updates_the_forward_model_and_one_other():
    loop, environment = make_loop(), Line()
    while loop._replay.stored < loop.options.replay_steps:
        before = weights(loop)
        assert loop.learn(environment) == {}
        assert changed(before, weights(loop)) == set()
    for iteration in range(12):
        before = weights(loop)
        metrics = loop.learn(environment)
        other = "policy" if turn_of(iteration, loop.options).policy else "discriminator"
        assert changed(before, weights(loop)) == {"forward_model", other}
        assert {f"{other}/loss", "forward_model/loss"} <= set(metrics)
        assert all(np.isfinite(value) for value in metrics.values())


@pytest.mark.parametrize("model", ["advanced", "basic"])
def test_initial_weights(model):
    settings: dict[str, Any] = {"policy_hidden": (100, 50), "discriminator_hidden": (200, 100)}
    loop = make_loop(forward_model=model, forward_model_width=100, **settings)
    networks = loop.networks
    for network in networks.policy, networks.discriminator, networks.forward_model:
        assert len(network.trainable_variables) >= 6
        for weight in network.trainable_variables:
            values = weight.numpy().ravel()
            error = 4 * 0.15 / np.sqrt(2 * values.size)
            assert np.sqrt(np.mean(values**2)) == pytest.approx(0.15, abs=error)
            assert abs(values.mean()) < 4 * 0.15 / np.sqrt(values.size)
    drawn = weights(loop)
    assert (
        changed(drawn, weights(make_loop(forward_model=model, forward_model_width=100, **settings)))
        == set()
    )
    other = make_loop(forward_model=model, forward_model_width=100, seed=1, **settings)
    assert changed(drawn, weights(other)) == set(drawn)


def environments(kind, seed):
    name = {"continuous": "InvertedPendulum-v5", "discrete": "CartPole"}[kind]
    return SingleEnvironment(name, seed)


@pytest.mark.parametrize("kind", SPACES)
def test_a_resumed_loop_goes_on_exactly(kind, tmp_path):
    def make():
        environment = environments(kind, 5)
        space = environment.action_space
        rows = demonstrations(space, 4)
        # The agent makes it vary, and its scale is learned on the way.
        rows.observations[:, 3] = rows.next_observations[:, 3] = 0.0
        loop = AuthorsLoop(AuthorsOptions(**SMALL), rows, space, 5, compiled=False)
        return loop, environment, tf.train.Checkpoint(learner=loop, collector=environment)

    def learn(loop, environment):
        metrics = loop.learn(environment)
        state = environment.steps, environment.observation.tolist()
        return {name: float(value) for name, value in metrics.items()}, state

    loop, environment, checkpoint = make()
    # While the buffer fills, in the middle of the policy's turn, in the discriminator's.
    interruptions, history = [2, 12, 18], []
    for number in range(24):
        if number in interruptions:
            checkpoint.write(str(tmp_path / str(number)))
        history.append(learn(loop, environment))
    assert loop._progress.iteration > 10
    other, resumed, checkpoint = make()
    for number in interruptions:
        checkpoint.read(str(tmp_path / str(number))).assert_consumed()
        assert [learn(other, resumed) for _ in range(number, 24)] == history[number:]
        assert changed(weights(loop), weights(other)) == set()
        scales = [each.observations.stddev.numpy() for each in (loop, other)]
        np.testing.assert_array_equal(*scales)
        assert np.isfinite(scales[0]).all()


@pytest.mark.parametrize("length", [3, 1000])
def test_steps_of_a_round_are_bounded(length):
    loop, environment = without_updates(make_loop()), Line(length)
    rounds = []
    for _ in range(20):
        bound, before = loop.steps_per_round, environment.steps
        loop.learn(environment)
        rounds.append((environment.steps - before, bound))
    assert all(taken <= bound for taken, bound in rounds)
    assert any(taken == bound for taken, bound in rounds)
    assert not loop.finished


def test_budget():
    options = AuthorsOptions(**SMALL)
    options.check_budget(options.least_steps)
    with pytest.raises(UserError, match=f"`total_steps={options.least_steps - 1}"):
        options.check_budget(options.least_steps - 1)
    for length in 1, 5, 1000:
        loop, environment, metrics = without_updates(make_loop()), Line(length), {}
        while environment.steps + loop.steps_per_round <= options.least_steps:
            metrics = loop.learn(environment)
            if "policy/loss" in metrics:
                break
        assert "policy/loss" in metrics


@pytest.mark.parametrize(
    "settings", [{"dropout": 1.0}, {"forward_model": "other"}, {"policy_hidden": (0,)}]
)
def test_numbers_out_of_range(settings):
    [(name, _)] = settings.items()
    with pytest.raises(UserError, match=f"`{name}="):
        AuthorsOptions(**settings)


def test_compiled_updates_do_the_same():
    loops = [make_loop(compiled=compiled) for compiled in (False, True)]
    for loop in loops:
        environment = Line()
        for _ in range(12):
            loop.learn(environment)
    plain, compiled = (weights(loop) for loop in loops)
    for name in plain:
        for one, other in zip(plain[name], compiled[name], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
