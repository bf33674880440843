"""The loop, driven by a learner that learns nothing: it must do for any of them."""

import os
from typing import Any

from fake_training import (
    STEPS_PER_ROUND,
    FakeCollector,
    FakeEvaluator,
    FakeLearner,
    Interrupted,
    evaluated_at,
    make,
    read_metrics,
)
import numpy as np
import pytest
import sample_data

from mgail_tf import config as configs
from mgail_tf.errors import UserError
from mgail_tf.seeds import EVALUATION_SEED, FINAL_SEED
from mgail_tf.training import build
from mgail_tf.training.checkpoints import Checkpoints
from mgail_tf.training.run_folder import RunFolder


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
        # At the beginning, where the steps cross a multiple or come to it, and at the end.
        (200, 60, [0, 60, 120, 180, 200]),
        (200, 50, [0, 60, 100, 160, 200]),
        (200, 100, [0, 100, 200]),
        (200, 1, list(range(0, 201, 20))),
        (200, 1000, [0, 200]),
        # By default 20 times in all.
        (800, 0, list(range(0, 801, 40))),
        (100, 0, [0, 20, 40, 60, 80, 100]),
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


def test_a_learner_that_has_finished_ends_the_run(tmp_path, clock):
    trainer = make(tmp_path, clock, total_steps=400, last_round=4)
    result = trainer.train(progress=False)
    assert evaluated_at(tmp_path) == [0, 60, 80]
    assert result["env_steps"] == 80
    # And nothing is left to do in a second run.
    again = make(tmp_path, clock, total_steps=400, last_round=4)
    again.train(progress=False)
    assert int(again.learner.rounds) == 4
    assert evaluated_at(tmp_path) == [0, 60, 80]


def test_a_learner_may_need_no_environment(tmp_path, clock):
    learner = FakeLearner(clock, last_round=3)
    learner.steps_per_round = 0
    result = make(tmp_path, clock, total_steps=100, learner=learner).train(progress=False)
    assert result["env_steps"] == 0 and int(learner.rounds) == 3
    [line] = read_metrics(tmp_path)
    assert line["env_steps"] == 0 and line["fake/round"] == 2.0


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
    assert returns == [0.0, 10.0, 20.0, 0.0, 10.0]  # The evaluations are not a part of the run.
    for line in whole + parts:
        line.pop("return_mean", None)
        line.pop("normalized_return")
    # The seconds of the evaluation that came after the checkpoint are lost.
    assert parts[-1]["evaluation_seconds"] == whole[-1]["evaluation_seconds"] - 100
    for line in whole + parts:
        del line["wall_seconds"], line["evaluation_seconds"]
    assert parts == whole


@pytest.mark.parametrize(
    ("minutes", "rounds"), [(0, [0, 10]), (1.5, [0, 1, 10]), (0.3, [0, 1, 4, 7, 10])]
)
def test_a_run_is_saved_now_and_then_whatever_is_evaluated(
    minutes, rounds, tmp_path, clock, monkeypatch
):
    saved, save = [], Checkpoints.save
    trainer = make(tmp_path, clock, total_steps=200, evaluate_every=400, checkpoint_minutes=minutes)
    monkeypatch.setattr(
        Checkpoints, "save", lambda each: (saved.append(int(trainer.state.rounds)), save(each))
    )
    trainer.train(progress=False)  # A round takes 7 seconds, the first evaluation 100.
    assert saved == rounds


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
    # 10 rounds; 6 evaluations, at 5 of them an export and a checkpoint, at 4 of these histograms.
    # The first export has a program, too.
    parts = [15_000, 10 * 7, 6 * 100, 6 * 300, 4 * 0.5, 5 * 0.125, 5 * 3]
    assert result["wall_seconds"] == sum(parts) == clock.seconds - begun
    assert result["evaluation_seconds"] == 6 * 100
    # A line has the times at which the policy was there, before it was evaluated.
    assert [line["wall_seconds"] for line in read_metrics(tmp_path)[:2]] == [
        15_000,
        15_000 + 3 * 7 + 100 + 600 + 0.125 + 3,
    ]
    assert [line["evaluation_seconds"] for line in read_metrics(tmp_path)[:2]] == [0, 100]


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


def test_a_finished_run_that_goes_on_has_no_result_until_it_ends(tmp_path, clock):
    make(tmp_path, clock, total_steps=80).train(progress=False)
    assert (tmp_path / "result.json").exists()

    class Killed(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == 6:
                raise Interrupted
            return super().learn(collector)

    with pytest.raises(Interrupted):
        make(tmp_path, clock, total_steps=200, learner=Killed(clock)).train(progress=False)
    assert not (tmp_path / "result.json").exists()
    make(tmp_path, clock, total_steps=200).train(progress=False)
    assert (tmp_path / "result.json").exists()
    # Nothing is left to do: it stays.
    make(tmp_path, clock, total_steps=200).train(progress=False)
    assert (tmp_path / "result.json").exists()
