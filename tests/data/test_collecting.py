"""What policies return, and episodes of those that return actions."""

from typing import Any

from gymnasium import spaces
import numpy as np
import pytest

from mgail_tf.data.collecting import as_action, record
from mgail_tf.data.demonstrators import Demonstrator, load
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError

BOX = spaces.Box(np.array([-1.0, -2.0], np.float32), np.array([1.0, np.inf], np.float32))
ONE = spaces.Box(-2e-6, 2e-6, (1,), np.float64)
WHOLE = spaces.Box(-3, 3, (2,), np.int64)
DISCRETE = spaces.Discrete(3, start=2)

MODULE = '''
import numpy as np

def swing(observation):
    return [2.0 if observation[2] > 0 else -2.0]

class Counting:
    """Its actions tell how often it was begun, and how often it has acted since."""
    begun = 0
    def reset(self):
        self.begun, self.steps = self.begun + 1, 0
    def act(self, observation):
        self.steps += 1
        return np.array([self.begun / 10 + self.steps / 1000])

class Predicting:
    def predict(self, observation):
        return np.array([0.5]), None

class Drawing:
    def __call__(self, observation):
        return np.random.uniform(-2, 2, 1)

number = 3
broken = lambda observation: observation[99]
'''


@pytest.fixture
def module(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE)
    return str(tmp_path / "mine.py")


@pytest.fixture(scope="module")
def pendulum():
    return make_environment("Pendulum-v1")


def demonstrate(name: str, pendulum: Any, episodes: int = 2, **options: Any) -> list[np.ndarray]:
    demonstrator = load(name, pendulum, **options)
    return [episode.actions for episode in record(demonstrator, "Pendulum-v1", episodes, 7)]


@pytest.mark.parametrize(
    ("space", "returned", "expected"),
    [
        (BOX, [0.5, 1e9], [0.5, 1e9]),
        (BOX, (1.0 + 1e-6, 0), [1.0, 0.0]),
        (ONE, 1e-6, [1e-6]),
        (ONE, np.array([[1e-6]]), [1e-6]),
        (WHOLE, [1.0, -3], [1, -3]),
        (DISCRETE, 4, 4),
        (DISCRETE, np.array([2]), 2),
        (DISCRETE, np.float32(3.0), 3),
    ],
)
def test_actions_get_the_shape_and_type_of_the_space(space, returned, expected):
    action = as_action(returned, space)
    assert space.contains(action)
    np.testing.assert_array_equal(action, np.array(expected, space.dtype))


@pytest.mark.parametrize(
    ("space", "returned", "message"),
    [
        (BOX, None, "returned None"),
        (BOX, [1.0], r"of shape \(1,\)"),
        (BOX, [[1.0, 1.0]], r"of shape \(1, 2\)"),
        (BOX, [[1.0], [1.0, 2.0]], "no number or array"),
        (BOX, "left", "no number or array"),
        (BOX, [np.nan, 0.0], "not finite"),
        (BOX, [0.0, np.inf], "not finite"),
        (BOX, [1.01, 0.0], "out of the bounds of .*; clip it"),
        (ONE, 3e-6, "out of the bounds"),
        (WHOLE, [0.5, 0], "whole numbers"),
        (WHOLE, [4, 0], "out of the bounds"),
        (DISCRETE, 1, "none of Discrete"),
        (DISCRETE, 2.5, "whole numbers"),
        (DISCRETE, [2, 3], "of shape"),
    ],
)
def test_what_is_no_action_is_refused(space, returned, message):
    with pytest.raises(UserError, match=message):
        as_action(returned, space)


def test_a_function_demonstrates(module, pendulum):
    demonstrator = load(f"{module}:swing", pendulum)
    first, second = record(demonstrator, "Pendulum-v1", 2, 7)
    assert (first.seed, second.seed, len(first.actions)) == (7, 8, 200)
    expected = np.where(first.observations[:-1, 2:] > 0, 2.0, -2.0)
    np.testing.assert_array_equal(first.actions, expected)
    assert pendulum.reset(seed=8)[0] == pytest.approx(second.observations[0])


def test_an_object_is_told_when_an_episode_begins(module, pendulum):
    first, second = demonstrate(f"{module}:Counting", pendulum)
    np.testing.assert_allclose(first[:3, 0], [0.101, 0.102, 0.103], rtol=1e-6)
    np.testing.assert_allclose(second[:3, 0], [0.201, 0.202, 0.203], rtol=1e-6)


def test_the_action_is_taken_of_what_predict_returns(module, pendulum):
    [actions] = demonstrate(f"{module}:Predicting", pendulum, 1)
    assert (actions == 0.5).all()


def test_the_seed_decides_what_a_function_draws(module, pendulum):
    draws = [demonstrate(f"{module}:Drawing", pendulum, 1, seed=seed)[0] for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all() and (draws[0] != draws[2]).any()


def test_a_module_of_the_path(module, pendulum, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    assert demonstrate("mine:Predicting", pendulum, 1)[0][0] == 0.5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{module}:number", "is 3, which takes no observation"),
        ("{module}:missing", "cannot be imported .AttributeError"),
        ("nowhere.py:act", "cannot be imported .FileNotFoundError"),
        ("nowhere:act", "cannot be imported .ModuleNotFoundError"),
        ("nowhere", "no such SavedModel's folder"),
        ("{folder}", "not a SavedModel"),
    ],
)
def test_what_is_no_policy_is_refused(name, message, module, pendulum, tmp_path):
    with pytest.raises(UserError, match=message):
        load(name.format(module=module, folder=tmp_path), pendulum)


def test_a_policy_that_fails_is_told_with_its_place(module, pendulum):
    with pytest.raises(UserError) as error:
        demonstrate(f"{module}:broken", pendulum)
    [line] = str(error.value).splitlines()
    assert line.startswith("in episode 0, step 0, `policy` failed (IndexError: ")
    number = MODULE.splitlines().index("broken = lambda observation: observation[99]") + 1
    assert f"{module}, line {number}" in line


def test_saved_models_draw_or_take_the_most_likely(expert_data):
    folder = str(expert_data / "CartPole" / "expert")
    env = make_environment("CartPole")

    def acted(**options: Any) -> list[np.ndarray]:
        demonstrator = load(folder, env, **options)
        episodes = record(Demonstrator(*demonstrator), "CartPole", 1, 5)
        return [episode.actions for episode in episodes]

    [drawn], [again], [other], [likely] = (
        acted(seed=1),
        acted(seed=1),
        acted(seed=2),
        acted(deterministic=True),
    )
    assert drawn.tolist() == again.tolist() != other.tolist()
    assert drawn.tolist() != likely.tolist()
    with pytest.raises(UserError, match="observations are of shape"):
        load(folder, make_environment("Pendulum-v1"))
