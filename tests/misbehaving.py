"""Environments with the faults that users' environments have: `misbehaving:NaN-v0` and so on."""

import sys
from typing import Any, ClassVar

import gymnasium
from gymnasium.spaces import Box
import numpy as np


class Line(gymnasium.Env):
    """A point on a line: observed are its place and velocity, the action is a push.

    Attributes:
      open_now, most_open: how many instances of a kind are open here, and were at most.
    """

    open_now: ClassVar[int] = 0
    most_open: ClassVar[int] = 0
    observation_space = Box(-np.inf, np.inf, (2,), np.float64)
    action_space = Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self):
        self.state, self.steps = np.zeros(2), 0
        kind = type(self)
        kind.open_now += 1
        kind.most_open = max(kind.most_open, kind.open_now)

    def close(self):
        type(self).open_now -= 1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state[:] = self.np_random.uniform(-1.0, 1.0, 2)
        self.steps = 0
        return self.observe(), {}

    def step(self, action) -> tuple[Any, Any, bool, bool, dict]:
        self.steps += 1
        self.state[1] += 0.1 * float(action[0])
        self.state[0] += 0.1 * self.state[1]
        return self.observe(), self.reward(), False, False, {}

    def observe(self) -> Any:
        return self.state.copy()

    def reward(self) -> Any:
        return -float(abs(self.state[0]))


class Good(Line):
    """Does nothing wrong."""


class Marked(Line):
    """Shows a third number that no action changes."""

    observation_space = Box(-np.inf, np.inf, (3,), np.float64)

    def observe(self):
        return np.append(self.state, 1.0)


class Reused(Line):
    """Returns its own state, which it changes later."""

    def observe(self):
        return self.state


class ChangesItsAction(Line):
    """Writes into the array that it is given."""

    def step(self, action):
        result = super().step(action)
        action *= 0.0
        return result


class NaN(Line):
    """Diverges with the ninth step of every third episode, and says that the task has ended."""

    episodes = 0

    def reset(self, *, seed=None, options=None):
        self.episodes += 1
        return super().reset(seed=seed)

    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        diverges = self.steps == 9 and self.episodes % 3 == 0
        return observation * (np.nan if diverges else 1.0), reward, diverges, False, info


class AlwaysNaN(Line):
    """Diverges with every third step."""

    def observe(self):
        return self.state * (np.inf if self.steps == 3 else 1.0)


class NeverBegins(Line):
    """No episode of it begins anywhere."""

    def observe(self):
        return self.state * np.nan


class NaNAtFirst(Line):
    """Half of its episodes begin nowhere."""

    def observe(self):
        return self.state * (np.nan if self.steps == 0 and self.state[0] < 0 else 1.0)


class NaNReward(Line):
    def reward(self):
        return np.nan


class NoReward(Line):
    def reward(self):
        return None


class Nothing(Line):
    def observe(self):
        return None


class TooLong(Line):
    """Its observations have one number more from the third step on."""

    def observe(self):
        return np.zeros(3 if self.steps >= 3 else 2)


class WholeNumbers(Line):
    """Declares whole numbers, and returns others."""

    observation_space = Box(-10, 10, (2,), np.int64)


class Words(Line):
    def observe(self):
        return np.array(["here", "there"])


class Ragged(Line):
    def observe(self):
        return [[0.0, 1.0], [2.0]]


class Old(Line):
    """Returns what environments returned before there was `truncated`."""

    def step(self, action: Any) -> Any:
        return self.observe(), 0.0, False, {}


class Raises(Line):
    """Fails for good after so many steps of all its instances together."""

    left: ClassVar[float] = np.inf

    def step(self, action):
        if Raises.left <= 0:
            raise RuntimeError("the simulator has lost\nits connection")
        Raises.left -= 1
        return super().step(action)


class FailsAtReset(Line):
    def reset(self, *, seed=None, options=None):
        raise KeyError("model")


class Exits(Line):
    """Ends the program, as some do whose window was closed."""

    def reset(self, *, seed=None, options=None):
        sys.exit(0)


class OneAtATime(Line):
    """No second instance can be made while one is open."""

    def __init__(self):
        if OneAtATime.open_now:
            raise RuntimeError("the port is in use")
        super().__init__()


class Learned(Line):
    """Shows whether TensorFlow has been imported where it is."""

    def observe(self):
        return np.array([float("tensorflow" in sys.modules), 0.0])


LENGTH = 12
for kind in Line.__subclasses__():
    make: Any = kind  # Gymnasium takes a class, its annotation does not say so.
    gymnasium.register(f"{kind.__name__}-v0", make, max_episode_steps=LENGTH)
