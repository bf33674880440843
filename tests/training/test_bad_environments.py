"""Whole runs in environments that misbehave, of learners that learn next to nothing."""

import json
import multiprocessing
from typing import Any

import misbehaving
import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.errors import EnvironmentFailed
from mgail_tf.training import build
from mgail_tf.training.trainer import Trainer

ROUND = 8


class Policy:
    """Pushes to where the point is."""

    def digest(self):
        return "always the same"

    def save(self, folder):
        self.saved = saved = tf.Module()

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "observation")])
        def towards(observation):
            return tf.sign(observation[:, :1])

        saved.deterministic = saved.stochastic = towards
        tf.saved_model.save(saved, str(folder), towards.get_concrete_function())

    def save_weights(self, folder):
        tf.train.Checkpoint(root=self.saved).write(f"{folder}/variables")


class Summing(tf.Module):
    """Sums up what it sees, so that two runs agree only if they have seen the same."""

    finished = False

    def __init__(self, *_: Any, **__: Any):
        super().__init__()
        self.deployed_policy = Policy()
        self.sum = tf.Variable(0.0, dtype=tf.float64)
        self.cuts, self.steps_per_round = 0, ROUND

    weights = {}

    def evaluating(self):
        pass

    def evaluated(self, distance):
        pass

    def learn(self, collector):
        segment = collector.collect(self.act, ROUND // collector.environments.num_envs)
        self.cuts += int(collector.cut.sum())
        for values in segment:
            assert np.isfinite(values).all()
            weights = np.arange(1, values.size + 1).reshape(values.shape)
            self.sum.assign(0.7 * self.sum + (weights * values).sum())
        return {}

    def act(self, observation, seed):
        noise = np.random.default_rng(seed).normal(size=[len(observation), 1])
        action = tf.constant(np.clip(observation[:, :1] + noise, -1.0, 1.0), tf.float32)
        return action, tf.constant(noise)

    def histograms(self, seed):
        return {}


class Stepping(Summing):
    """Steps a single environment, as the authors' loop does."""

    def learn(self, collector):
        for _ in range(ROUND):
            if collector.ended:
                collector.reset()
            collector.step(np.ones(1, np.float32))
        return {}


class Finished(Summing):
    """Needs no environment, and learns all in a round."""

    def learn(self, collector):
        self.finished = True
        return {}


SETTINGS: dict[str, Any] = {
    "total_steps": 120,
    "evaluate_every": 40,
    "evaluation_episodes": 3,
    "final_episodes": 3,
    "film_every": 0,
}
STEPS_OF_RANDOM_EPISODES, STEPS_OF_AN_EVALUATION = 12 * 20, 12 * 3
AUTHORS = {"preset": "paper", "replay_steps": 1, "episode_steps": 1, "policy_segments": 1}
AUTHORS |= {"preparation_iterations": 0}


@pytest.fixture(autouse=True)
def learners(monkeypatch):
    monkeypatch.setattr(build, "MGAIL", Summing)
    monkeypatch.setattr(build, "AuthorsLoop", Stepping)
    monkeypatch.setattr(build, "BehaviouralCloning", Finished)


def make(folder, name: str, env_processes: int = 0, num_envs: int = 2, **settings: Any) -> Trainer:
    if not settings:
        settings = {"segment_length": ROUND // num_envs, "cloned_start": False}
    settings = SETTINGS | {"num_envs": num_envs} | settings
    config = configs.make(f"misbehaving:{name}-v0", **settings)
    actions = np.linspace(-1.0, 1.0, 30, dtype=np.float32)[:, None]
    demonstrated = sample_data.draw(30, 2, actions, return_mean=0.0)
    return build.make_trainer(config, demonstrated, folder, env_processes)


def metrics(folder) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if "seconds" not in k} for line in lines]


def test_of_a_single_environment_one_instance_is_open_at_a_time(tmp_path):
    kind = misbehaving.OneAtATime
    whole: Any = make(tmp_path / "whole", kind.__name__, num_envs=1)
    whole.train(progress=False)
    assert (kind.open_now, kind.most_open) == (0, 1)
    # Each of the first two evaluations gave an episode of 12 steps up, after 40 and 80 steps.
    assert whole.learner.cuts == 2

    # And an interrupted run goes on as if nothing had been.
    stopped: Any = make(tmp_path / "run", kind.__name__, num_envs=1)
    learn = stopped.learner.learn

    def interrupt(collector):
        if stopped.state.rounds == 7:
            raise KeyboardInterrupt
        return learn(collector)

    stopped.learner.learn = interrupt
    with pytest.raises(KeyboardInterrupt):
        stopped.train(progress=False)
    assert kind.open_now == 0
    resumed: Any = make(tmp_path / "run", kind.__name__, num_envs=1)
    assert resumed.state.rounds == 5
    resumed.train(progress=False)
    assert resumed.learner.sum == whole.learner.sum
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")


@pytest.mark.parametrize("settings", [{"algorithm": "bc"}, AUTHORS])
def test_so_it_is_with_the_other_algorithms(settings, tmp_path):
    kind = misbehaving.OneAtATime
    result = make(tmp_path, kind.__name__, num_envs=1, **settings).train(progress=False)
    assert result["return_mean"] < 0.0
    assert (kind.open_now, kind.most_open) == (0, 1)


@pytest.mark.parametrize("steps", [60, 100])
def test_an_environment_that_fails_costs_no_whole_round(steps, tmp_path, monkeypatch):
    kind = misbehaving.Raises
    whole: Any = make(tmp_path / "whole", kind.__name__)
    whole.train(progress=False)

    evaluations = STEPS_OF_AN_EVALUATION * (1 + steps // 40)
    monkeypatch.setattr(kind, "left", STEPS_OF_RANDOM_EPISODES + evaluations + steps)
    failing: Any = make(tmp_path / "run", kind.__name__)
    kept = steps // ROUND * ROUND
    message = r"environment misbehaving:Raises-v0, episode \d+ \(.*\), step \d+: step raised "
    message += f"RuntimeError: the simulator .*; the work of {kept} steps is kept"
    with pytest.raises(EnvironmentFailed, match=message):
        failing.train(progress=False)
    assert kind.open_now == 0

    monkeypatch.setattr(kind, "left", np.inf)
    resumed: Any = make(tmp_path / "run", kind.__name__)
    assert resumed.collector.steps == kept
    resumed.train(progress=False)
    assert resumed.learner.sum == whole.learner.sum
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")


def test_an_environment_that_fails_at_once_leaves_nothing_behind(tmp_path):
    before = misbehaving.FailsAtReset.open_now
    with pytest.raises(EnvironmentFailed, match="step 0: reset raised KeyError: 'model'"):
        make(tmp_path / "run", "FailsAtReset")
    assert not (tmp_path / "run").exists() and misbehaving.FailsAtReset.open_now == before


def test_steps_that_lead_nowhere_are_counted_and_said(tmp_path, capfd):
    result = make(tmp_path, "NaN").train(progress=False)
    # In either environment, those of 33 and 66 steps; 60 are taken in each.
    assert result["non_finite_steps"] == 2 and result["env_steps"] == 120
    # Of three evaluated environments each plays one episode, none its third.
    assert result["non_finite_episodes"] == 0 and result["return_mean"] < 0.0
    assert "2 of 80 steps gave observations that are not finite" in capfd.readouterr().err
    assert metrics(tmp_path)[-1]["non_finite_steps"] == 2


def test_a_simulator_that_mostly_leads_nowhere_ends_the_run(tmp_path):
    trainer = make(tmp_path, "AlwaysNaN")
    with pytest.raises(EnvironmentFailed, match=r"11 of \d+ steps gave .* not finite .* is kept"):
        trainer.train(progress=False)


def test_rewards_that_are_not_finite_are_unknown(tmp_path):
    result = make(tmp_path, "NaNReward").train(progress=False)
    names = "return_mean", "return_std", "normalized_return", "random_return_mean"
    assert all(result[name] is None for name in names)
    assert ": NaN" not in (tmp_path / "result.json").read_text()


def test_worker_processes_change_nothing_and_end_with_the_run(tmp_path, monkeypatch):
    runs: list[Any] = [make(tmp_path / str(count), "Good", count) for count in (0, 1)]
    results = [run.train(progress=False) for run in runs]
    assert runs[0].learner.sum == runs[1].learner.sum
    assert metrics(tmp_path / "0") == metrics(tmp_path / "1")
    assert results[0]["return_mean"] == results[1]["return_mean"]
    assert not multiprocessing.active_children()
