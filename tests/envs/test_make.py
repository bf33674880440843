import gymnasium
import pytest

from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def test_cartpole_is_capped_at_200_steps():
    assert make_environment("CartPole").spec.max_episode_steps == 200


@pytest.mark.parametrize("name", ["NoSuchTask", "NoSuchTask-v0", "nosuchmodule:Task-v0"])
def test_unknown_environment(name):
    with pytest.raises(UserError, match="cannot make environment"):
        make_environment(name)


class Odd(gymnasium.Env):
    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions


@pytest.mark.parametrize(
    ("observations", "actions", "wrapper"),
    [
        (gymnasium.spaces.Box(0, 1, (3, 3)), gymnasium.spaces.Discrete(2), "FlattenObservation"),
        (gymnasium.spaces.Dict(), gymnasium.spaces.Discrete(2), "FlattenObservation"),
        (gymnasium.spaces.Box(0, 1, (3,)), gymnasium.spaces.MultiBinary(2), "TransformAction"),
        (gymnasium.spaces.Box(0, 1, (3,)), gymnasium.spaces.MultiDiscrete([2, 3]), "TransformAct"),
        (gymnasium.spaces.Discrete(5), gymnasium.spaces.Discrete(2), "FlattenObservation"),
    ],
)
def test_unsupported_spaces(observations, actions, wrapper):
    gymnasium.register("Odd-v0", lambda: Odd(observations, actions))
    with pytest.raises(UserError, match=wrapper):
        make_environment("Odd-v0")
