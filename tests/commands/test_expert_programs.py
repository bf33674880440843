"""The programs about experts and their demonstrations."""

import dataclasses
import json
import pathlib
import re
from typing import Any

import minari
from programs import ROOT, run
import pytest

from mgail_tf import loaded_policy
from mgail_tf.commands.expert_configs import (
    EXPERTS,
    GENERAL,
    OTHER_TASKS,
    PPO_EXPERTS,
    ExpertConfig,
    expert_config,
)
from mgail_tf.commands.expert_description import describe
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS


def test_collected_demonstrations_are_where_training_finds_them(tmp_path: pathlib.Path):
    def collect(number: int):
        return run(
            "collect_demonstrations.py",
            "--env=CartPole",
            f"--num_trajectories={number}",
            folder=tmp_path,
            MGAIL_TF_CACHE=str(tmp_path / "cache"),
        )

    done = collect(2)
    assert done.returncode == 0, done.stderr
    line = re.fullmatch(r"(.*): 400 pairs, mean episode return 200.0\n", done.stdout)
    assert line, done.stdout
    folder = pathlib.Path(line[1])
    assert tmp_path / "cache" in folder.parents
    assert minari.MinariDataset(folder / "data").total_episodes == 2


def test_experts_table(tmp_path: pathlib.Path):
    """The table is made of what the folder has, and drawn if there is something to draw with."""
    for name, steps in ("Hopper", 2000), ("CartPole", 1000), ("NoTask", 1):
        level = {"return_mean": 1234.56, "return_std": 7.8, "length_mean": 99.6, "terminated": 0}
        description = {
            "algorithm": "TRPO",
            "seed": 3,
            "steps": steps,
            "trained_steps": 4000,
            "wall_seconds": 150,
            "random_return_mean": -5.55,
            "size": 98_765,
            "deterministic": level,
            "stochastic": level | {"return_mean": 1000.0, "length_mean": 80.0},
            "curve": [[1000, 5.0, 1.0], [2000, 9.0, 2.0], [4000, 8.0, 1.0]],
        }
        (tmp_path / name).mkdir()
        (tmp_path / name / "expert.json").write_text(json.dumps(description))
    done = run("tabulate_experts.py", "--experts=.", folder=tmp_path)
    header, _, *rows = done.stdout.splitlines()
    assert header.startswith("| task | algorithm | ")
    assert rows == [
        f"| {name} | TRPO | {steps} of 4,000 | 3 | 2 min | 1,234.6 +- 7.8 | 1,000.0 +- 7.8 "
        "| 100 / 80 | -5.5 | 99 KB |"
        for name, steps in (("CartPole", "1,000"), ("Hopper", "2,000"))
    ]
    if done.returncode == 0:
        assert (tmp_path / "learning_curves.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert done.returncode == 2 and "matplotlib" in done.stderr


def test_every_task_has_an_experts_hyperparameters():
    for algorithm, known in ("trpo", EXPERTS), ("ppo", PPO_EXPERTS):
        assert set(known) == set(TASKS)
        for name in (*known, *OTHER_TASKS):
            config = expert_config(name, algorithm)
            assert config.settling_steps < config.total_steps
            assert config.num_envs * config.rollout_steps <= config.evaluate_every


def test_hyperparameters_of_other_environments():
    unknown = expert_config("Nobody/Knows-v7", "ppo", 5)
    assert unknown == dataclasses.replace(GENERAL, options={"batch_size": 256}, seed=5)
    assert expert_config("Pendulum-v1", "trpo").options == {"batch_size": 512, "gamma": 0.9}
    # Those of the experts that come with the package are as they were trained.
    assert expert_config("HalfCheetah", "trpo").seed == 1
    assert expert_config("Ant", "trpo").options == {"batch_size": 512}


def test_description_of_an_expert():
    folder = ROOT / "expert_data" / "CartPole" / "expert"
    progress = {"steps": 30, "best_steps": 20, "wall_seconds": 1.6, "curve": [[20, 1.0, 0.0]]}
    progress |= {"algorithm": "ppo", "seed": 7}
    description = describe("CartPole", progress, folder, num_episodes=3)
    levels = {"return_mean": 200.0, "return_std": 0.0, "length_mean": 200.0, "terminated": 0}
    assert description["deterministic"] == description["stochastic"] == levels
    assert (description["algorithm"], description["seed"]) == ("PPO", 7)
    assert 15 < description["random_return_mean"] < 30
    assert description["steps"] == 20 and description["trained_steps"] == 30
    assert description["wall_seconds"] == 2 and description["curve"] == [[20, 1.0, 0.0]]
    assert json.loads(json.dumps(description)) == description


def test_an_expert_is_trained_until_it_is_good_enough_and_goes_on(tmp_path: pathlib.Path):
    pytest.importorskip("sb3_contrib")
    from mgail_tf.commands import expert_making

    config = ExpertConfig(6_000, seed=3, rollout_steps=64, evaluate_every=1500)

    def make(total_steps=6_000, algorithm="ppo", seed=3, **options) -> dict:
        seeded = dataclasses.replace(config, seed=seed)
        expert_making.make("CartPole-v1", algorithm, seeded, tmp_path, total_steps, **options)
        return json.loads((tmp_path / "expert.json").read_text())

    # The worst return that there is.
    expert = make(stop_at_return=1.0)
    assert [steps for steps, *_ in expert["curve"]] == [1536]
    assert (expert["algorithm"], expert["seed"]) == ("PPO", 3)
    (tmp_path / "demonstrations").mkdir()
    # No farther than asked for: an untrained policy is below 500, the most that there is.
    expert = make(3000, stop_at_return=500.0)
    assert [steps for steps, *_ in expert["curve"]] == [1536, 3072]
    assert not (tmp_path / "demonstrations").exists()
    loaded_policy.check_fits(
        loaded_policy.load(tmp_path / "expert"), make_environment("CartPole-v1")
    )
    others: list[Any] = [{"algorithm": "trpo"}, {"seed": 4}]
    for other in others:
        with pytest.raises(UserError, match="is of --algorithm=ppo --seed=3"):
            make(**other)
