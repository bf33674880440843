"""What `run/benchmark.py` measures. How fast anything is, no test says."""

import json
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.commands import benchmark_settings, benchmark_tables, network_updates
from mgail_tf.commands.benchmarked_run import Rounds, measure, updates_of_calls
from mgail_tf.commands.network_updates import NetworkUpdate
from mgail_tf.commands.stopwatch import Stopwatch
from mgail_tf.errors import UserError
from mgail_tf.strict_json import dumps
from mgail_tf.training.build import make_learner

# Rounds of 8 steps, which are traced and over soon.
ROUNDS = 5
SMALL = {
    "total_steps": 8 * ROUNDS,
    "num_envs": 4,
    "segment_length": 2,
    "policy_updates": 4,
    "discriminator_updates": 2,
    "forward_model_updates": 3,
    "policy_segments": 8,
    "batch_size": 32,
    "evaluate_every": 8 * ROUNDS,
    "evaluation_episodes": 1,
    "final_episodes": 1,
    "replay_steps": 120,
}


@pytest.fixture(scope="module")
def record():
    """What a tiny run has measured."""
    config = configs.make(env="CartPole", **SMALL)
    return measure(config, time.time(), evaluation_process=False, seconds=0.01)


def test_shares_are_of_the_whole(record):
    shares, seconds = record["shares"], record["seconds"]
    assert sum(shares.values()) == pytest.approx(1.0)
    # Two clocks meet in what is left over.
    assert min(shares.values()) > -1e-3
    for name in "simulator", "updates", "acting", "evaluation", "start_up":
        assert seconds[name] > 0.0, name
        assert seconds[name] == pytest.approx(shares[name] * record["wall_seconds"])
    # No second of a round is counted twice.
    rounds = record["measured_steps"] / record["steps_per_second"]
    assert seconds["simulator"] + seconds["updates"] + seconds["acting"] <= rounds
    # The first round traces everything; all others together take a fraction of that.
    assert seconds["start_up"] > seconds["updates"] + seconds["acting"]


def test_an_evaluation_before_the_first_round_is_not_a_part_of_the_start():
    begun = time.time()
    state = SimpleNamespace(evaluation_seconds=7.0)
    learner = SimpleNamespace(update_policy=lambda: {}, learn=lambda collector: {})
    collector = SimpleNamespace(steps=1, step=lambda: None)
    trainer: Any = SimpleNamespace(learner=learner, collector=collector, state=state)
    rounds = Rounds(trainer, {"update_policy": {"policy": 1}})
    learner.learn(collector)
    state.evaluation_seconds = 9.0
    learner.learn(collector)
    assert rounds.evaluated_before == 7.0 and rounds.number == 2 and rounds.first_ended >= begun


def test_steps_and_updates_are_those_after_the_first_round(record):
    assert (record["env_steps"], record["rounds"]) == (8 * ROUNDS, ROUNDS)
    assert record["measured_steps"] == 8 * (ROUNDS - 1)
    assert record["measured_updates"] == {
        "policy": 4 * (ROUNDS - 1),
        "discriminator": 2 * (ROUNDS - 1),
        "forward_model": 3 * (ROUNDS - 1),
    }
    each = record["mflop_per_update"]
    round_mflop = 4 * each["policy"] + 2 * each["discriminator"] + 3 * each["forward_model"]
    assert record["mflop_per_step"] == pytest.approx(round_mflop / 8)


def test_record_is_json_and_a_line_of_each_table(record, capsys):
    assert json.loads(dumps(record)) == record
    benchmark_tables.print_tables([record | {"mflop_per_step": None}])
    rates, shares = capsys.readouterr().out.strip().split("\n\n")
    for table, columns in (rates, benchmark_tables.RATES), (shares, benchmark_tables.SHARES):
        header, _, line = table.splitlines()
        assert header.count("|") == line.count("|") == len(columns) + 3
        assert line.startswith("| CartPole | default |")
    assert "| not known |" in rates


def test_operations_are_those_of_the_results():
    @tf.function
    def multiply(a, b):
        tf.transpose(b) @ tf.transpose(a)  # Nobody uses it.
        return a @ b

    arguments = tf.ones([2, 3]), tf.ones([3, 5])
    update = NetworkUpdate(multiply, multiply, arguments)
    assert network_updates.floating_point_operations(update) == 2 * 2 * 3 * 5


def test_operations_in_a_loop_are_not_known():
    @tf.function
    def multiply(a):
        for _ in tf.range(3):
            a = a @ a
        return a

    update = NetworkUpdate(multiply, multiply, (tf.ones([2, 2]),))
    assert network_updates.floating_point_operations(update) is None


def test_first_call_is_counted_as_something_else():
    stopwatch, numbers = Stopwatch(), SimpleNamespace(double=lambda number: 2 * number)
    stopwatch.watch(numbers, "double", "later", first="first")
    assert numbers.double(1) == 2 and set(stopwatch.seconds) == {"first"}
    assert numbers.double(3) == 6 and set(stopwatch.seconds) == {"first", "later"}
    assert stopwatch.calls == {"double": 2} and stopwatch.last_arguments == {"double": (3,)}


def test_rates_of_the_authors_loop_begin_with_the_first_update_of_the_policy():
    settings = {"replay_steps": 20, "preparation_iterations": 2, "turn_iterations": 2}
    config = configs.make(env="CartPole", preset="paper", **settings)
    # No type tells that it is theirs.
    learner: Any
    learner, collector = make_learner(config, sample_data.load("CartPole"))
    updates = updates_of_calls(config.learner)
    for method in updates:  # To trace them takes long.
        assert callable(getattr(learner, method))
        setattr(learner, method, lambda *drawn: {})
    state = SimpleNamespace(evaluation_seconds=0.0)
    trainer: Any = SimpleNamespace(learner=learner, collector=collector, state=state)
    rounds = Rounds(trainer, updates)
    filling = 0
    while not rounds.stopwatch.calls["update_with_discriminator"]:
        learner.learn(collector)
        filling += 1
    # The policy's turns are the third iteration, the sixth and the seventh.
    for _ in range(6):
        learner.learn(collector)
    assert rounds.number == filling + 6
    began, ended = rounds.began, rounds.ended
    assert began.calls["update_with_policy"] == 1 and ended.calls["update_with_policy"] == 3
    assert ended.calls["update_with_discriminator"] - began.calls["update_with_discriminator"] == 2
    assert 0 < began.steps < ended.steps == collector.steps
    assert rounds.stopwatch.seconds["simulator"] > 0.0
    # What they were called with is what each network's update is measured with.
    found = network_updates.of(learner, rounds.stopwatch.last_arguments)
    count = network_updates.floating_point_operations(found["forward_model"])
    weights = sum(
        np.prod(weight.shape) for weight in learner.networks.forward_model.trainable_variables
    )
    assert count is not None and count > 2 * learner.options.batch_size * weights
    collector.close()


def test_a_small_budget_evaluates_as_often_as_the_whole_one():
    config = benchmark_settings.configure("HalfCheetah", "default", None, 3)
    assert (config.run.total_steps, config.run.seed) == (41 * 80, 3)
    assert config.reporting.evaluate_every == 16_000 // 20
    assert benchmark_settings.configure("HalfCheetah", "default", 0, 3).run.total_steps == 16_000
    paper = benchmark_settings.configure("Hopper", "paper", None, 0)
    assert isinstance(paper.learner, AuthorsOptions)
    assert paper.run.total_steps > paper.learner.least_steps + 3 * 100 * 70


def test_a_budget_for_the_start_alone_is_refused():
    with pytest.raises(UserError, match="total_steps=80.* 160 "):
        benchmark_settings.configure("HalfCheetah", "default", 80, 0)
