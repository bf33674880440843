"""Small loops of the authors, and an environment for them, for tests."""

from typing import Any

import gymnasium
import numpy as np

from mgail_tf.algorithms.authors import AuthorsLoop
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.data.demonstrations import Demonstrations

SMALL: dict[str, Any] = {
    "preparation_iterations": 4,
    "turn_iterations": 2,
    "piece_interval": 3,
    "piece_steps": 3,
    "test_interval": 5,
    "episode_steps": 6,
    "replay_steps": 20,
    "batch_size": 4,
    "policy_segments": 2,
    "segment_length": 2,
    "policy_hidden": (6, 5),
    "discriminator_hidden": (7, 4),
    "forward_model_width": 5,
}
SPACES = {
    "continuous": gymnasium.spaces.Box(-1.0, 1.0, (2,)),
    "discrete": gymnasium.spaces.Discrete(3),
}
DEMONSTRATED = 100.0


class Line:
    """An environment on a line: the agent goes up by one with every step, and ends at `length`.

    Its observation is the place and the number of the episode; `log` has what was done to it.
    """

    def __init__(self, length=8):
        self.length, self.log, self.steps, self.episode = length, [], 0, -1
        self.reset()

    def _begin(self, place, what):
        self.place, self.start, self.ended = place, place, False
        self.episode += 1
        self.log.append(what)
        self.observation = np.array([place, self.episode], np.float32)
        return self.observation

    def reset(self):
        return self._begin(0.0, "reset")

    def reset_to(self, observation):
        return self._begin(float(observation[0]), "reset_to")

    def step(self, action):
        assert not self.ended
        self.place += 1
        self.steps += 1
        self.log.append(np.array(action))
        self.observation = np.array([self.place, self.episode], np.float32)
        self.ended = self.place - self.start >= self.length
        return self.observation, self.ended, self.ended


def demonstrations(space, size=2, pairs=12):
    rng = np.random.default_rng(0)
    observations = rng.normal(size=(pairs + 1, size)).astype(np.float32)
    observations[:, 0] += DEMONSTRATED
    space.seed(0)
    actions = np.array([space.sample() for _ in range(pairs)])
    ended = np.arange(pairs) == pairs - 1
    return Demonstrations(observations[:-1], actions, observations[1:], ended, ended, 1, None, 0.01)


def make_loop(kind="continuous", seed=0, size=2, compiled=False, **settings: Any) -> Any:
    space = SPACES[kind]
    options = AuthorsOptions(**{**SMALL, **settings})
    return AuthorsLoop(options, demonstrations(space, size), space, seed, compiled)


def weights(loop):
    """Copies of each network's weights."""
    networks = loop.networks
    return {
        name: [weight.numpy() for weight in getattr(networks, name).trainable_variables]
        for name in ("policy", "discriminator", "forward_model")
    }


def changed(before, after):
    return {
        name
        for name in before
        if any((a != b).any() for a, b in zip(before[name], after[name], strict=True))
    }


def without_updates(loop):
    """The loop with updates that do nothing, which saves their tracing."""
    loop.update_with_policy = lambda *drawn: {"policy/loss": 0.0}
    loop.update_with_discriminator = lambda *drawn: {"discriminator/loss": 0.0}
    return loop
