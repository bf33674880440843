import json
import re
import shutil

from deployed_policies import deployed
import gymnasium
import imageio
import numpy as np
from programs import ROOT, run
import pytest

from mgail_tf.deployed_policy import DeployedPolicy

EXPERTS = ROOT / "expert_data"
DEMONSTRATIONS = EXPERTS / "CartPole" / "demonstrations" / "1"
EXPERT = ["--saved_model", EXPERTS / "CartPole" / "expert", "--env=CartPole"]
ENVIRONMENT = """
import gymnasium
import numpy as np


class Cart(gymnasium.Env):
    observation_space = gymnasium.spaces.Dict(
        place=gymnasium.spaces.Box(-9, 9, (2,)), gear=gymnasium.spaces.Discrete(3)
    )
    action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.known = seed % 2 == 0
        return self.observation_space.sample(), {}

    def step(self, action):
        reward = 1.5 if self.known else np.nan
        return self.observation_space.sample(), reward, False, False, {}


gymnasium.register("Cart-v0", Cart, max_episode_steps=3)
"""


def test_what_is_unknown_and_what_the_components_are_is_said(tmp_path):
    (tmp_path / "carts.py").write_text(ENVIRONMENT)
    space = gymnasium.spaces.Dict(
        place=gymnasium.spaces.Box(-9, 9, (2,)), gear=gymnasium.spaces.Discrete(3)
    )
    policy = DeployedPolicy(*deployed(gymnasium.spaces.Discrete(4)), space=space)
    policy.save(tmp_path / "policy")
    told = ["--saved_model=policy", "--env=carts:Cart-v0", "--episodes=3", "--seed=6"]
    done = run("evaluate.py", *told, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    observation, returns, lengths = done.stdout.splitlines()
    assert observation == "observation: place[0], place[1], gear=0, gear=1, gear=2"
    unknown = "return unknown (rewards were not finite in 1 of 3 episodes), of each episode:"
    assert returns == f"{unknown} 4.5 unknown 4.5"
    assert re.match(r"length 3.0 \+- 0.0, median 3.0, of each episode: 3 3 3", lengths)


def test_an_environment_may_print_and_change_the_working_directory(tmp_path):
    shutil.copy(ROOT / "tests" / "wandering.py", tmp_path)
    (tmp_path / "expert").symlink_to(EXPERTS / "CartPole" / "expert")
    (tmp_path / "demonstrations").symlink_to(DEMONSTRATIONS)
    told = ["--saved_model=expert", "--env=wandering:Wandering-v0", "--accept_mismatch"]
    films = ["--episodes=2", "--json", "--video=film.gif", "--expert_data=demonstrations"]
    done = run("evaluate.py", *told, *films, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["saved_model"] == "expert"
    assert "hello from Python" in done.stderr and "hello from C" in done.stderr
    assert (tmp_path / "film.gif").is_file()


def test_as_json_filmed_and_shown_in_a_window(tmp_path):
    drawn = ["--episodes=5", "--stochastic", "--json", "--expert_data", DEMONSTRATIONS]
    window = {"folder": tmp_path, "SDL_VIDEODRIVER": "dummy"}
    done = run("evaluate.py", *EXPERT, *drawn, "--video=v.mp4", "--render=human", **window)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for name in "return", "length":
        each = report[name]["of_each_episode"]
        assert len(each) == 5
        assert report[name]["mean"] == pytest.approx(np.mean(each))
        assert report[name]["deviation"] == pytest.approx(np.std(each))
        assert report[name]["median"] == pytest.approx(np.median(each))
    # CartPole pays 1 a step.
    assert report["return"] == report["length"]
    lengths = report["length"]["of_each_episode"]
    assert report["terminated"] == [length < 200 for length in lengths]
    # The lengths' part alone; it draws actions as the demonstrations did.
    shorter = 1.0 - np.mean(lengths) / 200
    assert shorter < report["imitation_distance"] < shorter + 0.3
    assert report["imitation_distance_of_demonstrations"] is None
    frames = imageio.mimread(tmp_path / "v.mp4", memtest="1GB")
    assert 0.95 * lengths[0] <= len(frames) <= lengths[0] + 5
    assert frames[0].shape[:2] in [(400, 600), (400, 608)]  # MP4's blocks are of 16.
    assert np.ptp(frames[0]) > 100 and (frames[0] != frames[-1]).any()
