"""An environment that prints, and changes the working directory: `wandering:Wandering-v0`.

Tests copy this file into the folder in which they call a program.
"""

import os
import pathlib
from typing import Any

import gymnasium
from gymnasium.envs.classic_control import CartPoleEnv

ELSEWHERE = pathlib.Path(__file__).absolute().with_name("elsewhere")


class Wandering(CartPoleEnv):
    """Goes elsewhere when it is made, and at each reset."""

    def __init__(self, **settings):
        print("hello from Python")
        os.write(1, b"hello from C")
        self.wander()
        super().__init__(**settings)

    def reset(self, **settings):
        self.wander()
        return super().reset(**settings)

    def wander(self):
        ELSEWHERE.mkdir(exist_ok=True)
        os.chdir(ELSEWHERE)


make: Any = Wandering  # Gymnasium takes a class, its annotation does not say so.
gymnasium.register("Wandering-v0", make, max_episode_steps=200)
