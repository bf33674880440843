import json
from typing import Any

import gymnasium
from gymnasium import spaces
from gymnasium.wrappers import FlattenObservation
import numpy as np
import pytest

from mgail_tf.envs import space_json
from mgail_tf.envs.flattening import (
    component_names,
    flatten,
    flatten_environment,
    original_space,
)
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError

MIXED = spaces.Dict(
    [
        ("pose", spaces.Tuple([spaces.Box(-1.0, 1.0, (2, 2)), spaces.Box(-np.inf, 4.5, ())])),
        ("gear", spaces.Discrete(3, start=1)),
        ("arm", spaces.Dict(stiff=spaces.MultiBinary(2))),
        ("lamps", spaces.MultiDiscrete([2, 3], start=[0, 5])),
    ]
)
NAMES = [
    *[f"pose[0][{i},{j}]" for i in (0, 1) for j in (0, 1)],
    *["pose[1]", "gear=1", "gear=2", "gear=3", "arm.stiff[0]", "arm.stiff[1]"],
    *["lamps[0]=0", "lamps[0]=1", "lamps[1]=5", "lamps[1]=6", "lamps[1]=7"],
]
SPACES = [
    MIXED,
    spaces.Discrete(4, start=-1),
    spaces.MultiDiscrete(np.array([[2, 3], [3, 2]])),
    spaces.MultiBinary((2, 2)),
    spaces.Tuple([spaces.Discrete(2), spaces.Box(0.1, 0.3, (2,), np.float64)]),
    spaces.Box(0, 200, (2, 3), np.uint8),
]


class Sampled(gymnasium.Env):
    """Shows samples of its observation space, and keeps them."""

    action_space = spaces.Discrete(2)

    def __init__(self, observation_space: Any):
        self.observation_space = observation_space
        self.shown: list[Any] = []

    def reset(self, *, seed=None, options=None):
        self.observation_space.seed(seed)
        return self._show(), {}

    def step(self, action):
        return self._show(), 0.0, False, False, {}

    def _show(self):
        self.shown.append(self.observation_space.sample())
        return self.shown[-1]


@pytest.mark.parametrize("space", SPACES)
def test_observations_of_other_spaces_become_vectors(space, monkeypatch):
    monkeypatch.delitem(gymnasium.registry, "Sampled-v0", raising=False)
    gymnasium.register("Sampled-v0", lambda **_: Sampled(space), max_episode_steps=9)  # pyright: ignore
    env = make_environment("Sampled-v0")
    assert original_space(env) is space
    seen = [env.reset(seed=0)[0], *(env.step(0)[0] for _ in range(3))]
    assert all(env.observation_space.contains(observation) for observation in seen)
    shown = env.get_wrapper_attr("shown")
    np.testing.assert_array_equal(seen, [spaces.flatten(space, each) for each in shown])
    assert len(component_names(space)) == len(seen[0])
    if not isinstance(space, spaces.Dict | spaces.Tuple):
        np.testing.assert_array_equal(flatten(space, np.array(shown), 4), seen)


def test_components_have_names_in_their_order():
    assert component_names(MIXED) == NAMES
    assert component_names(spaces.Box(0, 1, (2,))) == ["observation[0]", "observation[1]"]
    assert component_names(spaces.Discrete(2)) == ["observation=0", "observation=1"]
    # Each alone is told by the vector that has a 1 where its name is.
    sample: dict[str, Any] = MIXED.sample()
    sample["gear"], sample["lamps"] = 2, np.array([1, 5])
    vector: Any = spaces.flatten(MIXED, sample)
    chosen = {name for name, value in zip(NAMES, vector, strict=True) if "=" in name and value}
    assert chosen == {"gear=2", "lamps[0]=1", "lamps[1]=5"}
    assert vector[NAMES.index("pose[0][1,0]")] == sample["pose"][0][1, 0]


def test_vectors_are_left_alone():
    env = make_environment("CartPole-v1")
    assert not isinstance(env, FlattenObservation)
    assert original_space(env) is env.observation_space


@pytest.mark.parametrize("space", [*SPACES, spaces.Box(-np.inf, np.inf, (2,), np.float16)])
def test_spaces_as_json(space):
    text = json.dumps(space_json.to_json(space), allow_nan=False)
    read: Any = space_json.from_json(json.loads(text))
    assert read == space and read.dtype == space.dtype
    # The order of names is that of the vectors.
    assert component_names(read) == component_names(space)


@pytest.mark.parametrize(
    "space", [spaces.Discrete(10**7), spaces.Box(0, 1, (10**6,)), spaces.MultiDiscrete([10**5] * 2)]
)
def test_more_components_than_networks_can_have(space):
    with pytest.raises(UserError, match="0,000 numbers"):
        flatten_environment("Large-v0", Sampled(space))
