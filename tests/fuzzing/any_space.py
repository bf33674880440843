"""Spaces of observations and of actions: strategies of `hypothesis`."""

from typing import Any

import gymnasium
from gymnasium import spaces
from hypothesis import strategies as st
import numpy as np

SIZES = st.integers(1, 3)
BOUNDS = st.sampled_from([-np.inf, -1e6, -1.0, -1e-3, 0.0, 1e-3, 1.0, 2.5, np.inf])


@st.composite
def box(draw: Any) -> spaces.Box:
    """A Box of any bounds and number type."""
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int64, np.int8, np.uint8]))
    # Bytes of three dimensions are taken for pictures.
    shape = tuple(draw(st.lists(SIZES, max_size=2 if dtype is np.uint8 else 3)))
    if np.issubdtype(dtype, np.integer):
        low, high = sorted(draw(st.tuples(st.integers(0, 9), st.integers(0, 9))))
        return spaces.Box(low, high, shape, dtype)
    low, high = sorted(draw(st.tuples(BOUNDS, BOUNDS)))
    if low == np.inf or high == -np.inf:
        low, high = -np.inf, np.inf
    return spaces.Box(low, high, shape, dtype)


@st.composite
def choices(draw: Any) -> gymnasium.Space:
    """One or several choices."""
    kind = draw(st.sampled_from((spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)))
    start = draw(st.integers(-3, 3))
    if kind is spaces.Discrete:
        return spaces.Discrete(draw(st.integers(1, 4)), start=start)
    if kind is spaces.MultiDiscrete:
        numbers = np.array(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
        return spaces.MultiDiscrete(numbers, start=np.full_like(numbers, start))
    return spaces.MultiBinary(draw(st.lists(SIZES, min_size=1, max_size=2)))


ACTIONS = st.one_of(box(), choices())
NAMES = st.text("abAB_ é0", min_size=1, max_size=4)
OBSERVATIONS = st.recursive(
    ACTIONS,
    lambda part: st.one_of(
        st.lists(part, min_size=1, max_size=3).map(spaces.Tuple),
        st.dictionaries(NAMES, part, min_size=1, max_size=3).map(spaces.Dict),
    ),
    max_leaves=4,
)


class Anywhere(gymnasium.Env):
    """An environment of any spaces, in which things happen at random."""

    def __init__(self, observation_space: gymnasium.Space, action_space: gymnasium.Space, **_: Any):
        self.observation_space, self.action_space = observation_space, action_space

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.observation_space.sample(), 0.0, False, False, {}


def register(observation_space: gymnasium.Space, action_space: gymnasium.Space) -> str:
    """The id of an environment of some spaces, in the place of the one before."""
    gymnasium.registry.pop("Anywhere-v0", None)
    kind: Any = Anywhere  # Gymnasium's annotation does not say classes.
    kwargs = {"observation_space": observation_space, "action_space": action_space}
    gymnasium.register("Anywhere-v0", kind, max_episode_steps=5, kwargs=kwargs)
    return "Anywhere-v0"
