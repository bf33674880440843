"""The demonstrations of experts that nothing was tuned for."""

import json
import pathlib

import pytest

from mgail_tf.data import demonstrations
from mgail_tf.tasks import TASKS

ABROAD = pathlib.Path(__file__).parents[2] / "expert_data" / "abroad"
DATA = sorted(folder.relative_to(ABROAD).as_posix() for folder in ABROAD.glob("*/*/demonstrations"))


def test_there_are_some():
    assert {"falls/Hopper/demonstrations", "near/CartPole/demonstrations"} <= set(DATA)


@pytest.mark.parametrize("data", DATA)
def test_demonstrations_are_what_the_readme_says(data):
    kind, task, _ = data.split("/")
    if task.startswith("LunarLander"):
        pytest.importorskip("Box2D")
    loaded = demonstrations.load(ABROAD / data, task)
    as_at_home = task in TASKS and kind != "unseen"
    assert loaded.num_trajectories == (TASKS[task].num_trajectories if as_at_home else 4)
    line = next(
        line
        for line in (ABROAD / "README.md").read_text().splitlines()
        if line.startswith(f"| {kind} | {task} |")
    )
    assert loaded.return_mean is not None
    assert f"| {loaded.return_mean:,.1f} |" in line
    if kind == "falls":
        assert 0.25 <= loaded.terminations / loaded.num_trajectories <= 0.5
    else:
        expert = json.loads((ABROAD / kind / task / "expert.json").read_text())
        assert f"| {expert['algorithm']}, {expert['seed']} |" in line
