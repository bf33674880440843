"""What a trainer and its reporter work with, for tests: time, a learner and what evaluates."""

from concurrent.futures import Future
import itertools
import json
import math
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.errors import EnvironmentFailed
from mgail_tf.training.evaluation import Findings
from mgail_tf.training.reporter import Expert, Reporter
from mgail_tf.training.run_folder import RunFolder
from mgail_tf.training.run_state import RunState
from mgail_tf.training.trainer import Trainer

STEPS_PER_ROUND = 20

LEVELS: dict[str, float | None] = {
    "random_return_mean": 0.0,
    "random_length_mean": 20.0,
    "imitation_distance_of_random_policy": 2.0,
    "imitation_distance_of_demonstrations": None,
}


class Clock:
    """Stands in for `time.perf_counter`: time passes only where something is slow."""

    def __init__(self):
        self.seconds = 1000.0

    def wait(self, seconds):
        self.seconds += seconds


class FakePolicy:
    """Leaves a file where it is exported to, with the number of rounds that it has learned."""

    def __init__(self, clock, rounds):
        self._clock, self._rounds = clock, rounds

    def deterministic(self, observations):
        return np.zeros(len(observations), int)

    def digest(self):
        return str(int(self._rounds))

    def save(self, folder):
        self._clock.wait(300)
        pathlib.Path(folder, "variables").mkdir(parents=True)
        pathlib.Path(folder, "model").touch()
        self._write(pathlib.Path(folder, "variables"))

    def save_weights(self, folder):
        self._clock.wait(300)
        self._write(folder)

    def _write(self, folder):
        pathlib.Path(folder, "rounds").write_text(str(int(self._rounds)))


class FakeLearner(tf.Module):
    """Counts its rounds, and has learned all after the last of them."""

    steps_per_round = STEPS_PER_ROUND

    def __init__(self, clock, last_round=math.inf):
        super().__init__()
        self.rounds = tf.Variable(0)
        self.deployed_policy = FakePolicy(clock, self.rounds)
        self._clock, self._last = clock, last_round
        self.told = []

    @property
    def finished(self):
        return int(self.rounds) >= self._last

    weights = {}

    def evaluating(self):
        pass

    def evaluated(self, distance):
        self.told.append(distance)

    def learn(self, collector):
        collector.collect(None, self.steps_per_round)
        self._clock.wait(7)
        self.rounds.assign_add(1)
        return {"fake/round": tf.cast(self.rounds, tf.float32), "fake/two": 2.0}

    def histograms(self, seed):
        self._clock.wait(0.5)
        return {f"of {seed}": np.arange(seed + 1)}


class FakeCollector(tf.Module):
    """Counts the steps that it is asked for."""

    def __init__(self):
        super().__init__()
        self._steps = tf.Variable(0)

    @property
    def steps(self):
        return int(self._steps)

    def collect(self, act, length):
        self._steps.assign_add(length)

    non_finite_steps = 0

    def pause(self):
        pass

    def close(self):
        pass


class FakeEvaluator:
    """The return of the i-th evaluation is 10 i, of an expert's 40, from 0; it takes 100 seconds.

    The policy that is closest to the demonstrations has learned for `closest` rounds.
    """

    def __init__(self, clock, closest=0):
        self._clock, self._closest, self.calls, self.policies = clock, closest, [], []

    def submit(self, order):
        assert (order.saved_model / "model").exists()
        self.calls.append((order.num_episodes, order.seed))
        rounds = order.saved_model / "variables" / "rounds"
        self.policies.append(int(rounds.read_text()))
        number = 10.0 * (len(self.calls) - 1)
        measured: dict[str, float | None] = {
            "return_mean": number,
            "return_std": 1.0,
            "normalized_return": number / 40.0,
            "imitation_distance": 0.1 + abs(self.policies[-1] - self._closest) / 10,
            "imitation_distance_of_lengths": 0.0,
            "episode_length_mean": 90.0,
            "actions_at_bounds": None,
        }
        return self._future(Findings(measured, LEVELS))

    def _future(self, findings):
        self._clock.wait(100)
        future = Future()
        future.set_result(findings)
        return future


class LateEvaluator(FakeEvaluator):
    """Finds nothing before somebody waits for it; one evaluation, by its number, fails."""

    def _future(self, findings):
        clock, fails = self._clock, len(self.calls) - 1 == self.failing

        class Late(Future):
            def result(self, timeout=None):
                clock.wait(100)
                if fails:
                    raise EnvironmentFailed("the simulator crashed")
                return findings

        return Late()

    failing: int | None = None


class SoonEvaluator(FakeEvaluator):
    """Has found it when it is asked for the second time."""

    def _future(self, findings):
        asked = itertools.count()

        class Soon(Future):
            def done(self):
                return next(asked) > 0

        future = Soon()
        future.set_result(findings)
        return future


def make(
    folder,
    clock,
    *,
    total_steps,
    last_round=math.inf,
    learner: Any = None,
    evaluator: Any = None,
    **settings,
) -> Any:
    usual = {
        "evaluate_every": 60,
        "evaluation_episodes": 2,
        "film_every": 0,
        "checkpoint_minutes": 0,
    }
    settings = usual | settings
    config = configs.make("CartPole", seed=5, total_steps=total_steps, **settings)
    learner = learner or FakeLearner(clock, last_round)
    parts = learner, FakeCollector(), evaluator or FakeEvaluator(clock)
    folder, state = RunFolder(folder, config), RunState()
    run, reporting = config.run, config.reporting
    reporter = Reporter(*parts, folder, run, reporting, Expert(3, 40.0, 2.0, 100.0, 0.0), state)
    trainer: Any = Trainer(*parts[:2], reporter, folder, run, reporting, state)
    return trainer


def exported(folder):
    """How many rounds the policy has learned that a run folder has."""
    return int((folder / "saved_model" / "variables" / "rounds").read_text())


def read_metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def evaluated_at(folder):
    return [line["env_steps"] for line in read_metrics(folder)]


class Interrupted(Exception):
    pass
