"""Environments that do what no environment should: `hostile:RaisesAnything-v0` and so on.

Tests copy this file into the folder in which they call a program.
"""

import sys
import threading
import time
from typing import Any

import gymnasium
from gymnasium.envs.classic_control import CartPoleEnv


class Anything(BaseException):
    """What most programs do not expect."""


class Unspeakable(Exception):
    """An error that fails to say what it is."""

    def __str__(self):
        raise RuntimeError("no words")


class RaisesAnything(CartPoleEnv):
    def step(self, action):
        raise Anything("whatever")


class RaisesUnspeakable(CartPoleEnv):
    def step(self, action):
        raise Unspeakable


class FailsToBeMade(CartPoleEnv):
    def __init__(self, **settings):
        raise Unspeakable


class ClosesStdout(CartPoleEnv):
    def reset(self, **settings):
        sys.stdout.close()
        return super().reset(**settings)


class LeavesAThread(CartPoleEnv):
    """Its thread goes on for a minute after it was closed."""

    def __init__(self, **settings):
        threading.Thread(target=time.sleep, args=[60]).start()
        super().__init__(**settings)


class PressesCtrlC(CartPoleEnv):
    """Raises what Ctrl-C raises, in the process that evaluates."""

    def step(self, action):
        if "evaluation_process" in sys.argv[0]:
            raise KeyboardInterrupt
        return super().step(action)


def act(observation):
    """A policy."""
    return int(observation[2] > 0)


for kind in (
    RaisesAnything,
    RaisesUnspeakable,
    FailsToBeMade,
    ClosesStdout,
    LeavesAThread,
    PressesCtrlC,
):
    make: Any = kind  # Gymnasium takes a class, its annotation does not say so.
    gymnasium.register(f"{kind.__name__}-v0", make, max_episode_steps=20)
