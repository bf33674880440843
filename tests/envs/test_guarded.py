import gymnasium
from gymnasium import spaces
import misbehaving
import numpy as np
import pytest

from mgail_tf.envs.guarded import Guarded
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import EnvironmentFailed


def make(name: str) -> gymnasium.Env:
    return make_environment(f"misbehaving:{name}-v0")


def test_actions_that_are_handed_out_and_observations_that_come_back_are_copies():
    env, changing = make("Reused"), make("ChangesItsAction")
    first, _ = env.reset(seed=3)
    kept = first.copy()
    second = env.step(np.ones(1, np.float32))[0]
    np.testing.assert_array_equal(first, kept)
    assert (second != first).any()
    changing.reset(seed=3)
    action = np.ones(1, np.float32)
    np.testing.assert_array_equal(changing.step(action)[0], second)
    assert action == 1.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Nothing", "step 0: its observation is None, not an array of numbers"),
        ("TooLong", r"step 3: its observation is of shape \(3,\), but its space is of \(2,\)"),
        (
            "WholeNumbers",
            r"step 0: its observation has .* \(float64\), which its space of int64",
        ),
        ("Words", "step 0: its observation is .* not an array of numbers"),
        ("Ragged", "step 0: its observation is a list of 2, not an array of numbers"),
        ("NoReward", "step 1: its reward is None; it must be a number"),
        ("Old", r"step 1: step raised ValueError: not enough values to unpack \(expected 5"),
        ("FailsAtReset", "step 0: reset raised KeyError: 'model'"),
        ("Exits", "step 0: reset raised SystemExit: 0"),
    ],
)
def test_what_is_wrong_is_said_with_environment_episode_and_step(name: str, message: str):
    env = make(name)
    with pytest.raises(
        EnvironmentFailed,
        match=rf"environment misbehaving:{name}-v0, episode 1 \(reset with seed 5\), {message}",
    ):
        env.reset(seed=5)
        for _ in range(5):
            env.step(np.zeros(1, np.float32))


class Returning(gymnasium.Env):
    """Returns what it is told to."""

    action_space = spaces.Discrete(2)

    def __init__(self, observation_space, *result):
        self.observation_space, self.result = observation_space, result

    def reset(self, *, seed=None, options=None):
        return self.result[0], {}

    def step(self, action):
        return (*self.result, False, {})


NUMBERS = spaces.Box(-1.0, 1.0, (2,), np.float32)
NAMED = spaces.Dict(a=NUMBERS, b=spaces.Tuple([spaces.Discrete(3), NUMBERS]))


@pytest.mark.parametrize(
    ("space", "observation", "message"),
    [
        (NAMED, [0.0, 0.0], "its observation is a list of 2, but its space has a, b"),
        (NAMED, {"a": [0, 0]}, "its observation is a dict of a, but its space has a, b"),
        (NAMED, {"a": [0, 0], "b": (1,)}, r"its observation\['b'\] is a tuple of 1, but"),
        (NAMED, {"a": [0], "b": (1, [0, 0])}, r"its observation\['a'\] is of shape \(1,\)"),
        (NAMED, {"a": [0, 0], "b": (3, [0, 0])}, r"its observation\['b'\]\[0\] is 3, which is not"),
        (NAMED, {"a": [0, 0], "b": (1, "x")}, r"its observation\['b'\]\[1\] is 'x', not an array"),
        (spaces.Box(0, 255, (1,), np.uint8), [256], r"has 256 \(int64\), which .* of uint8"),
        (spaces.Box(0, 9, (1,), np.int32), [np.nan], r"has nan \(float64\), which .* of int32"),
        (spaces.MultiBinary(2), np.array([0, 2]), "which is not in MultiBinary"),
        (NUMBERS, np.zeros(2, complex), "an array of complex128 .* not an array of numbers"),
    ],
)
def test_observations_that_are_not_of_their_space(space, observation, message):
    with pytest.raises(EnvironmentFailed, match=f"environment E, episode 1, step 0: .*{message}"):
        Guarded(Returning(space, observation), "E").reset()


def test_what_is_as_good_as_the_space_is_taken():
    # Bounds are a promise that many environments break, and lists and whole numbers do no harm.
    env = Guarded(Returning(NUMBERS, [7, 8], np.array([2]), np.True_), "E")
    observation, reward, terminated, truncated, _ = (env.reset(), env.step(0))[1]
    assert observation.dtype == np.float32 and observation.tolist() == [7.0, 8.0]
    assert (reward, terminated, truncated) == (2.0, True, False)
    assert type(reward) is float and type(terminated) is bool
    # A number keeps the digits that it has.
    env = Guarded(Returning(NUMBERS, np.array([5.8e6 + 0.123, np.nan]), 0.0, 0), "E")
    assert env.reset()[0][0] == 5.8e6 + 0.123
    nested = {"a": [0, 0], "b": (np.int64(2), [0, 1])}
    taken = Guarded(Returning(NAMED, nested), "E").reset()[0]
    assert NAMED.contains(taken)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (([0, 0], "good", False), "its reward is 'good'"),
        (([0, 0], np.zeros(2), False), "its reward is an array of float64 and of shape"),
        (([0, 0], 0.0, None), "its terminated is None"),
        (([0, 0], 0.0), r"step returned a tuple of 4; it must be \(observation, reward, termin"),
    ],
)
def test_what_a_step_returns_besides(result, message):
    env = Guarded(Returning(NUMBERS, *result), "E")
    env.reset()
    env.reset()
    with pytest.raises(EnvironmentFailed, match=f"environment E, episode 2, step 1: {message}"):
        env.step(0)


def test_a_dataset_that_names_the_environment_does_not_depend_on_this_package():
    spec = make("Good").spec
    assert spec is not None and "mgail_tf" not in repr(spec)


def test_an_environment_that_has_the_wrong_spaces_is_closed():
    gymnasium.register("NoNumbers-v0", lambda **_: NoNumbers())
    with pytest.raises(Exception, match="NoNumbers-v0"):
        make_environment("NoNumbers-v0")
    assert NoNumbers.open_now == 0 and NoNumbers.most_open == 1


class NoNumbers(misbehaving.Line):
    action_space = spaces.Text(3)
