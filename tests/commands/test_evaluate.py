import re

from deployed_policies import deployed
import gymnasium
from programs import run

from mgail_tf.deployed_policy import DeployedPolicy

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
