"""What is evaluated, exported and written, and when."""

import contextlib
import json
import os
from typing import Any

from fake_training import (
    LEVELS,
    STEPS_PER_ROUND,
    FakeEvaluator,
    FakeLearner,
    Interrupted,
    LateEvaluator,
    SoonEvaluator,
    evaluated_at,
    exported,
    make,
    read_metrics,
)
import pytest
import tensorflow as tf

from mgail_tf.errors import EnvironmentFailed, UserError
from mgail_tf.seeds import CHOICE_SEED, FINAL_SEED
from mgail_tf.training.evaluation import Findings
from mgail_tf.training.run_folder import RunFolder


def test_metrics_are_the_means_of_what_learn_returned_since_the_last_time(tmp_path, clock):
    make(tmp_path, clock, total_steps=160).train(progress=False)
    start, *lines = read_metrics(tmp_path)
    # Nothing has been learned; rounds 1 to 3, 4 to 6, 7 and 8.
    assert "fake/round" not in start and start["env_steps"] == start["return_mean"] == 0
    assert [line["fake/round"] for line in lines] == [2.0, 5.0, 7.5]
    assert [line["fake/two"] for line in lines] == [2.0] * 3
    assert [line["return_mean"] for line in lines] == [10.0, 20.0, 30.0]


def test_a_run_that_goes_on_may_be_reported_otherwise(tmp_path, clock):
    make(tmp_path, clock, total_steps=120).train(progress=False)
    other: dict[str, int] = {"evaluate_every": 40, "evaluation_episodes": 4, "final_episodes": 6}
    evaluator = FakeEvaluator(clock)
    make(tmp_path, clock, total_steps=240, evaluator=evaluator, **other).train(progress=False)
    assert evaluated_at(tmp_path) == [0, 60, 120, 160, 200, 240]
    assert [number for number, _ in evaluator.calls] == [4, 4, 4, 6]


def test_metrics_behind_the_checkpoint_are_forgotten(tmp_path, clock):
    make(tmp_path, clock, total_steps=200).train(progress=False)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines(keepends=True)
    later = lines[-1].replace('"env_steps": 200', '"env_steps": 220')
    (tmp_path / "metrics.jsonl").write_text("".join([*lines, later, '{"env_steps": 240, "ret']))
    make(tmp_path, clock, total_steps=200)
    assert evaluated_at(tmp_path) == [0, 60, 120, 180, 200]


@pytest.mark.parametrize("kept", [0, 3])
def test_lines_that_are_lost_are_told(kept, tmp_path, clock):
    make(tmp_path, clock, total_steps=200).train(progress=False)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "metrics.jsonl").write_text("".join(lines[:kept]))
    with pytest.raises(UserError, match=rf"lacks {4 - kept} lines? of what was evaluated before"):
        make(tmp_path, clock, total_steps=300)


def test_result(tmp_path, clock):
    # The normalised returns are 0, 1/4, 2/4, 3/4, 1; the final evaluation comes after these.
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
        "finalists": [
            {"env_steps": 120, "imitation_distance": pytest.approx(0.5)},
            {"env_steps": 180, "imitation_distance": pytest.approx(0.2)},
            {"env_steps": 200, "imitation_distance": pytest.approx(0.1)},
        ],
        "return_mean": 50.0,
        "return_std": 1.0,
        "normalized_return": 1.25,
        "imitation_distance": 0.1,
        "imitation_distance_of_lengths": 0.0,
        "episode_length_mean": 90.0,
        "actions_at_bounds": None,
        "expert_return_mean": 40.0,
        "expert_return_standard_error": 2.0,
        "expert_length_mean": 100.0,
        "expert_terminated": 0.0,
        "expert_at_bounds": None,
        **LEVELS,
        "steps_to_95": 200,
        "seconds_to_95": at_the_end["wall_seconds"],
        "level": "like the expert",
        "verdict": [
            "The policy behaves like the expert: it has come 95% of the way from random actions "
            "to the demonstrations."
        ],
    }
    assert sorted(os.listdir(tmp_path / "saved_model")) == ["model", "variables"]


def test_the_first_time_at_95_percent_counts(tmp_path, clock):
    result = make(tmp_path, clock, total_steps=600).train(progress=False)
    fourth = read_metrics(tmp_path)[4]
    assert (result["steps_to_95"], result["seconds_to_95"]) == (240, fourth["wall_seconds"])
    result = make(tmp_path / "short", clock, total_steps=100).train(progress=False)
    assert result["steps_to_95"] is None and result["seconds_to_95"] is None


def test_speed_is_that_of_training_alone(tmp_path, clock, monkeypatch):
    speeds = []
    monkeypatch.setattr(
        RunFolder, "write_metrics", lambda folder, metrics, speed: speeds.append(speed)
    )
    make(tmp_path, clock, total_steps=120).train(progress=False)
    # What follows an evaluation is training until the next one, here an export of 300 seconds; the
    # first time, the program takes 300 as well.
    assert speeds == [
        {"speed/steps_per_second": 0.0},
        {"speed/steps_per_second": pytest.approx(60 / 621)},
        {"speed/steps_per_second": pytest.approx(120 / 942.5)},
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
    assert (140, [0, 60]) in seen and (100, [0]) in seen
    lines = [read_metrics(tmp_path / name) for name in ("in_turn", "late")]
    for line in lines[0] + lines[1]:
        del line["wall_seconds"], line["evaluation_seconds"]
    assert lines[0] == lines[1]


# Checkpoints after each round, and with evaluations only.
@pytest.mark.parametrize("minutes", [0.0, 1e-9])
def test_a_line_that_waits_is_not_lost_with_a_run_that_is_killed(minutes, tmp_path, clock):
    make(tmp_path / "whole", clock, total_steps=200).train(progress=False)

    class Killed(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == 8:  # The evaluation of 120 steps is on its way.
                raise Interrupted
            return super().learn(collector)

    settings: Any = {"total_steps": 200, "checkpoint_minutes": minutes}
    late, later = LateEvaluator(clock), LateEvaluator(clock)
    with pytest.raises(Interrupted):
        make(tmp_path / "run", clock, learner=Killed(clock), evaluator=late, **settings).train(
            progress=False
        )
    assert evaluated_at(tmp_path / "run") == [0, 60]
    resumed = make(tmp_path / "run", clock, evaluator=later, **settings)
    # What is evaluated is the policy of then.
    assert int(resumed.learner.rounds) == (8 if minutes else 6) and later.policies == [6]
    resumed.train(progress=False)
    whole, parts = read_metrics(tmp_path / "whole"), read_metrics(tmp_path / "run")
    names = ("env_steps", "fake/round", "fake/two")
    assert [[line.get(name) for name in names] for line in parts] == [
        [line.get(name) for name in names] for line in whole
    ]


@pytest.mark.parametrize(("failing", "kept"), [(0, 60), (1, 120)])
def test_an_evaluation_that_fails_late_is_made_again(failing, kept, tmp_path, clock):
    late = LateEvaluator(clock)
    late.failing = failing
    trainer = make(tmp_path, clock, total_steps=200, evaluator=late)
    # It turns out when another one is due.
    with pytest.raises(EnvironmentFailed, match=f"crashed; the work of {kept} steps is kept"):
        trainer.train(progress=False)
    again = make(tmp_path, clock, total_steps=200)
    assert again.collector.steps == kept
    again.train(progress=False)
    assert evaluated_at(tmp_path) == [0, 60, 120, 180, 200]


@pytest.mark.parametrize(("export", "rounds"), [("closest", 6), ("last", 10)])
def test_the_policy_that_is_exported_is_evaluated_closely(export, rounds, tmp_path, clock):
    # Evaluations are of the policies of 0, 3, 6, 9 and 10 rounds.
    evaluator = LateEvaluator(clock, closest=5)
    trainer = make(tmp_path, clock, total_steps=200, evaluator=evaluator, export=export)
    result = trainer.train(progress=False)
    assert evaluator.policies == [0, 3, 6, 9, 10, rounds]
    assert exported(tmp_path) == rounds
    assert (result["export"], result["exported_env_steps"]) == (export, rounds * STEPS_PER_ROUND)
    assert result["env_steps"] == 200
    # It is asked at the end; the same run may end otherwise.
    last = {"closest": "last", "last": "closest"}[export]
    make(tmp_path, clock, total_steps=200, export=last).train(progress=False)
    assert exported(tmp_path) == 16 - rounds


class Vague(FakeEvaluator):
    """Demonstrations are as far from each other as random actions are from them."""

    def submit(self, order):
        findings = super().submit(order).result()
        levels = LEVELS | {"imitation_distance_of_demonstrations": 2.0}
        return self._future(findings._replace(levels=levels))


def test_where_distances_do_not_tell_the_last_policy_is_exported(tmp_path, clock):
    trainer = make(tmp_path, clock, total_steps=200, evaluator=Vague(clock, closest=5))
    assert trainer.train(progress=False)["exported_env_steps"] == 200
    assert exported(tmp_path) == 10
    # Nor is there anything that the learner could go back by.
    assert trainer.learner.told == []


class Lucky(FakeEvaluator):
    """The policy of 6 rounds hardly falls in a few episodes, and falls in many."""

    def submit(self, order):
        findings = super().submit(order).result()
        falls = self.policies[-1] == 6 and order.num_episodes == 50 or self.policies[-1] == 0
        measured = findings.measured | {"imitation_distance_of_lengths": 0.1 * falls}
        measured["imitation_distance"] += falls
        return self._future(Findings(measured, LEVELS))


def test_a_close_look_decides_which_policy_is_exported(tmp_path, clock):
    evaluator = Lucky(clock, closest=5)
    trainer = make(tmp_path, clock, total_steps=200, evaluator=evaluator, export="closest")
    result = trainer.train(progress=False)
    # Those of 6 and 3 rounds are the closest, and that of 9 rounds comes next.
    assert evaluator.policies == [0, 3, 6, 9, 10, 3, 6, 9, 3]
    assert evaluator.calls[5:] == [(50, CHOICE_SEED)] * 3 + [(50, FINAL_SEED)]
    assert exported(tmp_path) == 3 and result["exported_env_steps"] == 60
    assert [each["env_steps"] for each in result["finalists"]] == [60, 120, 180]


@pytest.mark.parametrize("killed_after", [4, 6, 7, 9])
@pytest.mark.parametrize("evaluator", [FakeEvaluator, SoonEvaluator, LateEvaluator])
@pytest.mark.parametrize("minutes", [0.0, 1e-9])
def test_a_run_that_is_killed_and_resumed_knows_the_same_closest_policy(
    minutes, evaluator, killed_after, tmp_path, clock
):
    class Killed(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == killed_after:
                raise Interrupted
            return super().learn(collector)

    settings: Any = {"total_steps": 200, "export": "closest", "checkpoint_minutes": minutes}
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
        lambda step, encoded: seen.extend(("histogram", step, name(each)) for each in encoded),
    )
    trainer.train(progress=False)
    assert seen == [("graph", 0), ("histogram", 60, "of 3"), ("histogram", 100, "of 5")]


def name(histogram):
    return tf.compat.v1.Summary.FromString(histogram).value[0].tag


@pytest.mark.parametrize("evaluator", [FakeEvaluator, SoonEvaluator, LateEvaluator])
@pytest.mark.parametrize("killed_after", [None, 4, 8])
def test_the_learner_is_told_how_far_the_policy_was_at_the_next_evaluation(
    evaluator, killed_after, tmp_path, clock
):
    class Told(FakeLearner):
        def learn(self, collector):
            if int(self.rounds) == killed_after:
                raise Interrupted
            return super().learn(collector)

    def go(learner):
        settings: Any = {"total_steps": 200, "evaluator": evaluator(clock, 6)}
        trainer = make(tmp_path, clock, learner=learner, **settings)
        trainer.train(progress=False)

    told = []
    learner = Told(clock)
    if killed_after:
        with pytest.raises(Interrupted):
            go(learner)
        told, learner = learner.told, FakeLearner(clock)
    go(learner)
    # Of the policies of 0, 3, 6 and 9 rounds; a random policy's distance is 2.
    distances = [0.7, 0.4, 0.1, 0.4]
    told += learner.told
    assert [each.whole for each in told] == pytest.approx([each / 2 for each in distances])
    assert {each.of_lengths for each in told} == {0.0}
