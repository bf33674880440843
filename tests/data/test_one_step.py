"""Another robot of the same sizes is known by where the same actions lead."""

import contextlib
import json
from typing import Any

import gymnasium
from gymnasium import spaces
import numpy as np
import pytest
import sample_data

from mgail_tf.data import demonstrations, measurements, one_step, plausibility
from mgail_tf.data.measurements import Measurements, Measuring
from mgail_tf.data.origin import Origin
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import DataWarning, UserError


class Other(gymnasium.Env):
    """Has the sizes of a task, and begins anywhere around its beginnings."""

    def __init__(self, size: int, actions: spaces.Space):
        self.size = size
        self.state = np.zeros(size)
        self.observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float64)
        self.action_space = actions

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.np_random.uniform(-1, 1, self.size)
        return self.state.copy(), {}

    def step(self, action):
        self.state = 0.9 * self.state + 0.1 * np.resize(action, self.state.shape)
        return self.state.copy(), 0.0, False, False, {}


def register(name, **kwargs):
    entry: Any = Other
    gymnasium.register(name, entry, max_episode_steps=100, kwargs=kwargs)
    return name


OTHERS = {
    "Hopper": register("OtherHopper-v0", size=11, actions=spaces.Box(-1, 1, (3,), np.float32)),
    "CartPole": register("OtherCartPole-v0", size=4, actions=spaces.Discrete(2)),
}
LEADS = "the same actions lead elsewhere in the environment"


def folder(task):
    return sample_data.EXPERT_DATA / task / "demonstrations" / str(sample_data.COMMITTED[task])


@pytest.mark.parametrize(("task", "number"), [("Hopper", 4), ("Hopper", 1), ("CartPole", 1)])
def test_demonstrations_of_another_robot_are_refused(task, number):
    with pytest.raises(UserError, match=f"is of another environment than .*{LEADS}"):
        demonstrations.load(folder(task), OTHERS[task], number)
    with pytest.warns(DataWarning, match=LEADS):
        demonstrations.load(folder(task), OTHERS[task], number, accept_mismatch=True)


@pytest.mark.parametrize("task", ["Hopper", "CartPole"])
def test_so_is_the_shipped_expert_of_another_robot(task):
    written = (sample_data.EXPERT_DATA / task / "expert" / "policy.json").read_text()
    origin = Origin.from_json(json.loads(written))
    with (
        contextlib.closing(make_environment(OTHERS[task])) as env,
        pytest.raises(UserError, match=LEADS),
    ):
        plausibility.check("the expert", origin, env)


@pytest.mark.parametrize("task", ["Hopper", "Walker2d", "HalfCheetah"])
@pytest.mark.filterwarnings("ignore:.*out of date")
def test_an_earlier_version_is_one_line_with_figures(task):
    with pytest.warns(DataWarning, match=f"{task}-v5, not in {task}-v4; what can be measured fits"):
        demonstrations.load(folder(task), f"{task}-v4", 1)


@pytest.mark.parametrize("env_name", ["Pendulum-v1", "MountainCarContinuous-v0", "CartPole"])
def test_what_no_random_action_does_is_no_sign_of_another_environment(env_name):
    with contextlib.closing(make_environment(env_name)) as env:
        environment = measurements.of_environment(env)
        for one in range(2):
            space = env.action_space
            action = [space.low, space.high][one] if isinstance(space, spaces.Box) else one
            measuring = Measuring()
            observations, actions = [env.reset(seed=100)[0]], []
            for _ in range(9):
                actions.append(action)
                observations.append(env.step(action)[0])
            measuring.add(np.array(observations), np.array(actions))
            measured = measuring.result()
            assert isinstance(measured, Measurements) and isinstance(environment, Measurements)
            assert measured.opening is not None and environment.opening is not None
            size = len(observations[0])
            assert not one_step.elsewhere(measured.opening, environment.opening, size, space).any()


def test_units_and_shifted_actions_show_in_what_steps_do():
    rng = np.random.default_rng(0)

    def steps(number, force=1.0, lag=0):
        states, actions = rng.normal(size=(number, 2)), rng.uniform(-1, 1, (number, 1))
        moved = np.column_stack([states[:, 1], force * np.roll(actions, lag)])
        return np.column_stack([states, actions, states + 0.1 * moved])

    space, known = spaces.Box(-1, 1, (1,)), steps(200)
    for other, expected in [
        (steps(20), [False, False]),
        (steps(20, force=0.2), [False, True]),
        (steps(20, lag=1), [False, True]),
        (steps(4, force=0.2), [False, False]),
    ]:
        assert one_step.elsewhere(other, known, 2, space).tolist() == expected
    # Three inputs need twelve steps, of which half are fitted.
    assert not one_step.elsewhere(steps(20, force=0.2), known[:11], 2, space).any()
