"""The loop, driven by a learner that learns nothing: it must do for any of them."""

from concurrent.futures import Future
import contextlib
import itertools
import json
import math
import os
import pathlib
import time
from typing import Any

import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.errors import EnvironmentFailed, UserError
from mgail_tf.seeds import EVALUATION_SEED, FINAL_SEED
from mgail_tf.training import build
from mgail_tf.training.checkpoints import Checkpoints, RunState
from mgail_tf.training.evaluation import Findings
from mgail_tf.training.reporter import Expert, Reporter
from mgail_tf.training.run_folder import RunFolder
from mgail_tf.training.trainer import Trainer

STEPS_PER_ROUND = 20

LEVELS: dict[str, float | None] = {
    "random_return_mean": 0.0,
    "imitation_distance_of_random_policy": 2.0,
    "imitation_distance_of_demonstrations": None,
}


class Clock:
    """Stands in for `time.perf_counter`: time passes only where something is slow."""

    def __init__(self):
        self.seconds = 1000.0

    def wait(self, seconds):
        self.seconds += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.seconds)
    return clock


class FakePolicy:
    """Leaves a file where it is exported to, with the number of rounds that it has learned."""

    def __init__(self, clock, rounds):
        self._clock, self._rounds = clock, rounds

    def deterministic(self, observations):
        return np.zeros(len(observations), int)

    def save(self, folder):
        self._clock.wait(300)
        pathlib.Path(folder, "variables").mkdir(parents=True)
        pathlib.Path(folder, "model").touch()
        self._write(folder)

    def save_weights(self, folder):
        self._clock.wait(300)
        self._write(folder)

    def _write(self, folder):
        pathlib.Path(folder, "variables", "rounds").write_text(str(int(self._rounds)))


class FakeLearner(tf.Module):
    """Counts its rounds, and has learned all after the last of them."""

    steps_per_round = STEPS_PER_ROUND

    def __init__(self, clock, last_round=math.inf):
        super().__init__()
        self.rounds = tf.Variable(0)
        self.deployed_policy = FakePolicy(clock, self.rounds)
        self._clock, self._last = clock, last_round

    @property
    def finished(self):
        return int(self.rounds) >= self._last

    def learn(self, collector):
        collector.collect(None, self.steps_per_round)
        self._clock.wait(7)
        self.rounds.assign_add(1)
        return {"fake/round": tf.cast(self.rounds, tf.float32), "fake/two": 2.0}

    def histograms(self, seed):
        self._clock.wait(0.5)
        return {"numbers": np.arange(seed + 1)}


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
    """The return of the i-th evaluation is 10 i, of an expert's 40; it takes 100 seconds.

    The policy that is closest to the demonstrations has learned for `closest` rounds.
    """

    def __init__(self, clock, closest=0):
        self._clock, self._closest, self.calls, self.policies = clock, closest, [], []

    def submit(self, order):
        assert (order.saved_model / "model").exists()
        self.calls.append((order.num_episodes, order.seed))
        self.policies.append(exported(order.saved_model.parent))
        number = 10.0 * len(self.calls)
        measured: dict[str, float | None] = {
            "return_mean": number,
            "return_std": 1.0,
            "normalized_return": number / 40.0,
            "imitation_distance": 0.01 + abs(self.policies[-1] - self._closest) / 100,
        }
        return self._future(Findings(measured, LEVELS))

    def _future(self, findings):
        self._clock.wait(100)
        future = Future()
        future.set_result(findings)
        return future


class LateEvaluator(FakeEvaluator):
    """Finds nothing before somebody waits for it."""

    def _future(self, findings):
        clock, failure = self._clock, self.failure

        class Late(Future):
            def result(self, timeout=None):
                clock.wait(100)
                if failure:
                    raise failure
                return findings

        return Late()

    failure: Exception | None = None


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
    settings = {"evaluate_every": 60, "evaluation_episodes": 2, "film_every": 0} | settings
    config = configs.make("CartPole", seed=5, total_steps=total_steps, **settings)
    learner = learner or FakeLearner(clock, last_round)
    parts = learner, FakeCollector(), evaluator or FakeEvaluator(clock)
    folder, state = RunFolder(folder, config), RunState()
    run, reporting = config.run, config.reporting
    reporter = Reporter(*parts, folder, run, reporting, Expert(3, 40.0, 2.0), state)
    trainer: Any = Trainer(*parts[:2], reporter, folder, run, reporting, state)
    return trainer


def exported(folder):
    """How many rounds the policy has learned that a run folder has."""
    return int((folder / "saved_model" / "variables" / "rounds").read_text())


def read_metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def evaluated_at(folder):
    return [line["env_steps"] for line in read_metrics(folder)]


@pytest.mark.parametrize(
    ("total_steps", "taken"), [(20, 20), (139, 120), (140, 140), (141, 140), (19, 0)]
)
def test_budget_is_hard(total_steps, taken, tmp_path, clock):
    # Less than a round is refused where MGAIL is configured; the loop just takes none.
    trainer = make(tmp_path, clock, total_steps=max(total_steps, 100), num_envs=4)
    trainer.run = configs.Run(env="CartPole", total_steps=total_steps)
    result = trainer.train(progress=False)
    assert result["env_steps"] == trainer.collector.steps == taken
    assert int(trainer.learner.rounds) == int(trainer.state.rounds) == taken // STEPS_PER_ROUND


@pytest.mark.parametrize(
    ("total_steps", "every", "expected"),
    [
        # Where the steps cross a multiple, or come to it; and at the end.
        (200, 60, [60, 120, 180, 200]),
        (200, 50, [60, 100, 160, 200]),
        (200, 100, [100, 200]),
        (200, 1, list(range(20, 201, 20))),
        (200, 1000, [200]),
        # By default 20 times in all.
        (800, 0, list(range(40, 801, 40))),
        (100, 0, [20, 40, 60, 80, 100]),
    ],
)
def test_evaluates_where_it_is_due_and_at_the_end(total_steps, every, expected, tmp_path, clock):
    evaluator = FakeEvaluator(clock)
    make(tmp_path, clock, total_steps=total_steps, evaluate_every=every, evaluator=evaluator).train(
        progress=False
    )
    assert evaluated_at(tmp_path) == expected
    *during, last = evaluator.calls
    assert during == [(2, EVALUATION_SEED)] * len(expected)
    assert last == (50, FINAL_SEED)


def test_metrics_are_the_means_of_what_learn_returned_since_the_last_time(tmp_path, clock):
    make(tmp_path, clock, total_steps=160).train(progress=False)
    lines = read_metrics(tmp_path)
    # Rounds 1 to 3, 4 to 6, 7 and 8.
    assert [line["fake/round"] for line in lines] == [2.0, 5.0, 7.5]
    assert [line["fake/two"] for line in lines] == [2.0] * 3
    assert [line["return_mean"] for line in lines] == [10.0, 20.0, 30.0]


def test_a_learner_that_has_finished_ends_the_run(tmp_path, clock):
    trainer = make(tmp_path, clock, total_steps=400, last_round=4)
    result = trainer.train(progress=False)
    assert evaluated_at(tmp_path) == [60, 80]
    assert result["env_steps"] == 80
    # And nothing is left to do in a second run.
    again = make(tmp_path, clock, total_steps=400, last_round=4)
    again.train(progress=False)
    assert int(again.learner.rounds) == 4
    assert evaluated_at(tmp_path) == [60, 80]


def test_a_learner_may_need_no_environment(tmp_path, clock):
    learner = FakeLearner(clock, last_round=3)
    learner.steps_per_round = 0
    result = make(tmp_path, clock, total_steps=100, learner=learner).train(progress=False)
    assert result["env_steps"] == 0 and int(learner.rounds) == 3
    [line] = read_metrics(tmp_path)
    assert line["env_steps"] == 0 and line["fake/round"] == 2.0


class Interrupted(Exception):
    pass


def test_an_interrupted_run_goes_on_from_its_last_checkpoint(tmp_path, clock):
    make(tmp_path / "whole", clock, total_steps=200).train(progress=False)

    class Stopping(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == 8:  # Rounds 7 and 8 are in no checkpoint.
                raise Interrupted
            return super().learn(collector)

    stopping = make(tmp_path / "run", clock, total_steps=200, learner=Stopping(clock))
    with pytest.raises(Interrupted):
        stopping.train(progress=False)
    assert sorted(os.listdir(tmp_path / "run" / "saved_model")) == ["model", "variables"]
    resumed = make(tmp_path / "run", clock, total_steps=200)
    assert int(resumed.learner.rounds) == int(resumed.state.rounds) == 6
    assert resumed.collector.steps == 120
    resumed.train(progress=False)
    assert int(resumed.learner.rounds) == 10
    whole, parts = read_metrics(tmp_path / "whole"), read_metrics(tmp_path / "run")
    returns = [line.pop("return_mean") for line in parts]
    assert returns == [10.0, 20.0, 10.0, 20.0]  # The evaluations are not a part of the run.
    for line in whole + parts:
        line.pop("return_mean", None)
        line.pop("normalized_return")
    # Seconds too: what was lost is in no checkpoint.
    assert parts == whole


def test_a_run_that_goes_on_may_be_reported_otherwise(tmp_path, clock):
    make(tmp_path, clock, total_steps=120).train(progress=False)
    other: dict[str, int] = {"evaluate_every": 40, "evaluation_episodes": 4, "final_episodes": 6}
    evaluator = FakeEvaluator(clock)
    make(tmp_path, clock, total_steps=240, evaluator=evaluator, **other).train(progress=False)
    assert evaluated_at(tmp_path) == [60, 120, 160, 200, 240]
    assert [number for number, _ in evaluator.calls] == [4, 4, 4, 6]


def test_metrics_behind_the_checkpoint_are_forgotten(tmp_path, clock):
    make(tmp_path, clock, total_steps=200).train(progress=False)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines(keepends=True)
    later = lines[-1].replace('"env_steps": 200', '"env_steps": 220')
    (tmp_path / "metrics.jsonl").write_text("".join([*lines, later, '{"env_steps": 240, "ret']))
    make(tmp_path, clock, total_steps=200)
    assert evaluated_at(tmp_path) == [60, 120, 180, 200]


def test_result(tmp_path, clock):
    # The normalised returns are 1/4, 2/4, 3/4, 1; the final evaluation is the fifth.
    evaluator = FakeEvaluator(clock, closest=10)
    trainer = make(tmp_path, clock, total_steps=200, final_episodes=7, evaluator=evaluator)
    result = trainer.train(progress=False)
    assert evaluator.calls[-1] == (7, FINAL_SEED)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    at_the_end = read_metrics(tmp_path)[-1]
    seconds = {name: result.pop(name) for name in ("wall_seconds", "evaluation_seconds")}
    assert all(value > at_the_end[name] for name, value in seconds.items())
    assert result == {
        "env": "CartPole",
        "seed": 5,
        "num_trajectories": 3,
        "episodes": 7,
        "env_steps": 200,
        "non_finite_steps": 0,
        "export": "closest",
        "exported_env_steps": 200,
        "return_mean": 50.0,
        "return_std": 1.0,
        "normalized_return": 1.25,
        "imitation_distance": 0.01,
        "expert_return_mean": 40.0,
        "expert_return_standard_error": 2.0,
        **LEVELS,
        "steps_to_95": 200,
        "seconds_to_95": at_the_end["wall_seconds"],
    }
    assert sorted(os.listdir(tmp_path / "saved_model")) == ["model", "variables"]


def test_the_first_time_at_95_percent_counts(tmp_path, clock):
    result = make(tmp_path, clock, total_steps=600).train(progress=False)
    fourth = read_metrics(tmp_path)[3]
    assert (result["steps_to_95"], result["seconds_to_95"]) == (240, fourth["wall_seconds"])
    result = make(tmp_path / "short", clock, total_steps=100).train(progress=False)
    assert result["steps_to_95"] is None and result["seconds_to_95"] is None


def test_wall_seconds_are_all_that_passed(tmp_path, clock, monkeypatch):
    begun, learner = clock.seconds, FakeLearner(clock)

    def slowly(seconds, function):
        def slow(*arguments, **options):
            clock.wait(seconds)
            return function(*arguments, **options)

        return slow

    for owner, name, seconds, function in (
        (build, "make_learner", 1000, lambda *_: (learner, FakeCollector())),
        (build, "InTurn", 2000, lambda _: FakeEvaluator(clock)),
        (build, "RunFolder", 4000, RunFolder),
        (RunFolder, "write_metrics", 0.125, RunFolder.write_metrics),
        (Checkpoints, "restore", 8000, Checkpoints.restore),
        (Checkpoints, "save", 3, Checkpoints.save),
    ):
        monkeypatch.setattr(owner, name, slowly(seconds, function))
    settings: Any = {"total_steps": 200, "evaluate_every": 60, "film_every": 0}
    settings |= {"preset": "default", "cloned_start": False}
    config = configs.make("CartPole", **settings)
    demonstrated = sample_data.draw(5, 4, np.zeros(5, int), return_mean=40.0)
    result = build.make_trainer(config, demonstrated, tmp_path).train(progress=False)
    # 10 rounds, 5 evaluations and exports, and at 4 of them histograms and a checkpoint.
    parts = [15_000, 10 * 7, 5 * 100, 5 * 300, 4 * 0.5, 4 * 0.125, 4 * 3]
    assert result["wall_seconds"] == sum(parts) == clock.seconds - begun
    assert result["evaluation_seconds"] == 5 * 100
    # A line has the times at which the policy was there, before it was evaluated.
    assert [line["wall_seconds"] for line in read_metrics(tmp_path)[:2]] == [
        15_000 + 3 * 7,
        15_000 + 6 * 7 + 100 + 300 + 0.5 + 0.125 + 3,
    ]
    assert [line["evaluation_seconds"] for line in read_metrics(tmp_path)[:2]] == [0, 100]


def test_speed_is_that_of_training_alone(tmp_path, clock, monkeypatch):
    speeds = []
    monkeypatch.setattr(
        RunFolder, "write_metrics", lambda folder, metrics, speed: speeds.append(speed)
    )
    make(tmp_path, clock, total_steps=120).train(progress=False)
    # What follows an evaluation is training until the next one, here an export of 300 seconds.
    assert speeds == [
        {"speed/steps_per_second": pytest.approx(60 / 21)},
        {"speed/steps_per_second": pytest.approx(120 / 342.5)},
    ]


def test_findings_may_come_while_training_goes_on(tmp_path, clock):
    make(tmp_path / "in_turn", clock, total_steps=200).train(progress=False)
    late = LateEvaluator(clock)
    trainer = make(tmp_path / "late", clock, total_steps=200, evaluator=late)
    seen, learn = [], trainer.learner.learn

    def looking(collector):
        seen.append((collector.steps, evaluated_at(tmp_path / "late")))
        return learn(collector)

    trainer.learner.learn = looking
    trainer.train(progress=False)
    # The one before is waited for where the next is due.
    assert (140, [60]) in seen and (100, []) in seen
    lines = [read_metrics(tmp_path / name) for name in ("in_turn", "late")]
    for line in lines[0] + lines[1]:
        del line["wall_seconds"], line["evaluation_seconds"]
    assert lines[0] == lines[1]


def test_a_line_that_waits_is_not_lost_with_a_run_that_is_killed(tmp_path, clock):
    make(tmp_path / "whole", clock, total_steps=200).train(progress=False)

    class Killed(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == 8:  # The second evaluation is on its way.
                raise Interrupted
            return super().learn(collector)

    late = LateEvaluator(clock)
    with pytest.raises(Interrupted):
        make(tmp_path / "run", clock, total_steps=200, learner=Killed(clock), evaluator=late).train(
            progress=False
        )
    assert evaluated_at(tmp_path / "run") == [60]
    make(tmp_path / "run", clock, total_steps=200, evaluator=LateEvaluator(clock)).train(
        progress=False
    )
    whole, parts = read_metrics(tmp_path / "whole"), read_metrics(tmp_path / "run")
    names = ("env_steps", "fake/round", "fake/two")
    assert [[line[name] for name in names] for line in parts] == [
        [line[name] for name in names] for line in whole
    ]


def test_an_evaluation_that_fails_late_is_made_again(tmp_path, clock):
    late = LateEvaluator(clock)
    late.failure = EnvironmentFailed("the simulator crashed")
    trainer = make(tmp_path, clock, total_steps=200, evaluator=late)
    # At 120 steps it turns out that the policy of 60 steps could not be evaluated.
    with pytest.raises(EnvironmentFailed, match="crashed; the work of 60 steps is kept"):
        trainer.train(progress=False)
    again = make(tmp_path, clock, total_steps=200)
    assert int(again.learner.rounds) == 3
    again.train(progress=False)
    assert evaluated_at(tmp_path) == [60, 120, 180, 200]


@pytest.mark.parametrize(("export", "rounds"), [("closest", 6), ("last", 10)])
def test_the_policy_that_is_exported_is_evaluated_closely(export, rounds, tmp_path, clock):
    # Evaluations are of the policies of 3, 6, 9 and 10 rounds.
    evaluator = LateEvaluator(clock, closest=5)
    trainer = make(tmp_path, clock, total_steps=200, evaluator=evaluator, export=export)
    result = trainer.train(progress=False)
    assert evaluator.policies == [3, 6, 9, 10, rounds]
    assert exported(tmp_path) == rounds
    assert (result["export"], result["exported_env_steps"]) == (export, rounds * STEPS_PER_ROUND)
    assert result["env_steps"] == 200
    # It is asked at the end; the same run may end otherwise.
    last = {"closest": "last", "last": "closest"}[export]
    make(tmp_path, clock, total_steps=200, export=last).train(progress=False)
    assert exported(tmp_path) == 16 - rounds


@pytest.mark.parametrize("killed_after", [4, 6, 7, 9])
@pytest.mark.parametrize("evaluator", [FakeEvaluator, SoonEvaluator, LateEvaluator])
def test_a_run_that_is_killed_and_resumed_knows_the_same_closest_policy(
    evaluator, killed_after, tmp_path, clock
):
    class Killed(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == killed_after:
                raise Interrupted
            return super().learn(collector)

    settings: Any = {"total_steps": 200, "export": "closest"}
    with pytest.raises(Interrupted):
        make(
            tmp_path, clock, learner=Killed(clock), evaluator=evaluator(clock, 5), **settings
        ).train(progress=False)
    trainer = make(tmp_path, clock, evaluator=evaluator(clock, 5), **settings)
    assert trainer.train(progress=False)["exported_env_steps"] == 120
    assert exported(tmp_path) == 6
    # A longer run goes on from its own last policy, and finds a closer one.
    longer = settings | {"total_steps": 400}
    trainer = make(tmp_path, clock, evaluator=evaluator(clock, 15), **longer)
    assert trainer.train(progress=False)["exported_env_steps"] == 300


def test_tensorboard_shows_the_first_rounds_graph_and_the_learners_histograms(
    tmp_path, clock, monkeypatch
):
    trainer = make(tmp_path, clock, total_steps=100)
    tensorboard, seen = trainer.folder.tensorboard, []

    @contextlib.contextmanager
    def recorded_graph():
        seen.append(("graph", int(trainer.learner.rounds)))
        yield

    monkeypatch.setattr(tensorboard, "recorded_graph", recorded_graph)
    monkeypatch.setattr(
        tensorboard,
        "write_histograms",
        lambda step, values: seen.append(("histograms", step, values["numbers"].tolist())),
    )
    trainer.train(progress=False)
    # The seed of the histograms is the number of rounds.
    expected = [("graph", 0), ("histograms", 60, [0, 1, 2, 3])]
    assert seen == [*expected, ("histograms", 100, [0, 1, 2, 3, 4, 5])]


@pytest.mark.parametrize(("rounds", "expected"), [(25, [5, 15]), (15, [5, 15]), (7, [5, 7])])
def test_ten_rounds_are_profiled_once_compilation_is_over(
    rounds, expected, tmp_path, clock, monkeypatch
):
    trainer = make(tmp_path, clock, total_steps=rounds * STEPS_PER_ROUND)
    seen = []
    for name in "start_profile", "stop_profile":
        monkeypatch.setattr(
            trainer.folder.tensorboard, name, lambda: seen.append(int(trainer.learner.rounds))
        )
    trainer.train(progress=False, profile=True)
    assert seen == expected


def test_a_profile_needs_rounds(tmp_path, clock):
    # After the five that are left out, one must be left.
    with pytest.raises(UserError, match="`profile` starts after 5 rounds, and 5 are left"):
        make(tmp_path, clock, total_steps=119).train(progress=False, profile=True)


def test_seconds_are_counted_between_calls(clock):
    state = RunState()
    clock.wait(2)
    assert state.count_seconds() == 2.0
    assert state.count_seconds() == 2.0
    clock.wait(3)
    assert state.count_seconds() == float(state.wall_seconds) == 5.0
    assert int(state.rounds) == 0 and float(state.evaluation_seconds) == 0.0
