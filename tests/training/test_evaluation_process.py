"""Starts the process for real: it is a Python of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import gymnasium
import pytest
import sample_data

from mgail_tf.errors import EnvironmentFailed, UserError
from mgail_tf.training.evaluation import Evaluation, Order
from mgail_tf.training.evaluation_process import EvaluationProcess
from mgail_tf.training.evaluators import InTurn
from mgail_tf.training.imitation_distance import ImitationDistance

LEVELS = {
    "env_name": "CartPole",
    "expert_return": 200.0,
    "expert_standard_error": 2.0,
    "distance": ImitationDistance(sample_data.load("CartPole"), gymnasium.spaces.Discrete(2)),
}


@pytest.fixture(scope="module")
def process():
    with contextlib.closing(EvaluationProcess()) as process:
        yield process


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "policy"
    sample_data.write_policy(folder)
    return folder


def test_it_finds_what_is_found_in_turn(process, policy):
    process.prepare(**LEVELS)
    orders = [Order(policy, 10, seed=5), Order(policy, 3, seed=7)]
    coming = [process.submit(order) for order in orders]
    here = InTurn(Evaluation(**LEVELS))
    for order, future in zip(orders, coming, strict=True):
        assert future.result() == here.submit(order).result()


def test_its_environments_may_be_in_further_processes(process, policy):
    process.prepare(**LEVELS, env_processes=2)
    order = Order(policy, 4, seed=5)
    assert process.submit(order).result() == Evaluation(**LEVELS).carry_out(order)


def test_errors_are_raised_where_the_findings_are_asked_for(process, policy):
    process.prepare(env_name="Nonsense-v0", expert_return=1.0)
    with pytest.raises(UserError, match="Nonsense"):
        process.submit(Order(policy, 1, seed=0)).result()
    # It goes on after that.
    process.prepare(**LEVELS)
    with pytest.raises(UserError, match="is not a SavedModel"):
        process.submit(Order(policy.parent, 1, seed=0)).result()
    assert process.submit(Order(policy, 1, seed=0)).result().measured["return_mean"]


def test_a_process_that_is_killed_fails_the_run_in_one_line(policy):
    with contextlib.closing(EvaluationProcess()) as process:
        process.prepare(**LEVELS)
        coming = process.submit(Order(policy, 1, seed=0))
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(EnvironmentFailed, match="the process that evaluates has ended"):
            coming.result()


PARENT = """
from mgail_tf.training.evaluation_process import EvaluationProcess
process = EvaluationProcess()
print(process.pid, flush=True)
input()
"""


def test_it_ends_with_the_process_that_started_it():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)  # It is there.
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("it is still there")


def test_ctrl_c_is_the_runs_not_its_own(policy):
    with contextlib.closing(EvaluationProcess()) as process:
        os.kill(process.pid, signal.SIGINT)  # While it starts.
        process.prepare(**LEVELS)
        assert process.submit(Order(policy, 1, seed=0)).result().measured["return_mean"]
        os.kill(process.pid, signal.SIGINT)
        assert process.submit(Order(policy, 1, seed=0)).result().measured["return_mean"]
