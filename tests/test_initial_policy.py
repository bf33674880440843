from typing import Any

import gymnasium
import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import DataWarning, UserError
from mgail_tf.initial_policy import take_over
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy
from mgail_tf.training.build import make_learner, make_trainer

# Wide enough that none of two normalisations clips.
BOX = gymnasium.spaces.Box(-1000.0, 1000.0, (2,))
DISCRETE = gymnasium.spaces.Discrete(3, start=-1)


def make(seed, space, hidden=(8, 5), size=3, activation="relu"):
    """A policy of random weights, with encoders whose statistics are random too."""
    generator = np.random.default_rng(seed)
    observations = ObservationEncoder(
        generator.normal(size=size), generator.uniform(0.5, 3.0, size), 1000.0
    )
    mean, stddev = generator.normal(size=2), generator.uniform(0.5, 3.0, 2)
    if isinstance(space, gymnasium.spaces.Discrete):
        actions = action_encoder(space)
        policy = CategoricalPolicy(actions.size, hidden, activation=activation)
    else:
        actions = action_encoder(space, mean, stddev)
        policy = GaussianPolicy(actions.size, hidden, 0.3, activation=activation)
    policy(tf.zeros([1, size]))
    for layer in policy.layers_to_action:
        layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return policy, DeployedPolicy(policy, observations, actions)


@pytest.mark.parametrize("space", [BOX, DISCRETE])
@pytest.mark.parametrize("hidden", [(8, 5), ()])
def test_it_acts_as_before_under_another_normalisation(space, hidden, tmp_path):
    _, there = make(0, space, hidden)
    policy, here = make(1, space, hidden)
    another, its_deployed = make(1, space, hidden)
    there.save(tmp_path)
    observations = np.random.default_rng(2).normal(scale=3.0, size=(300, 3)).astype(np.float32)
    expected = there.deterministic(observations).numpy()
    assert not np.allclose(here.deterministic(observations), expected, atol=0.1)
    take_over(tmp_path, here, [policy, another])
    for deployed in here, its_deployed:
        np.testing.assert_allclose(deployed.deterministic(observations), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": (8, 6)}, "layers of .3, 8, 5, 2. numbers.*`policy_hidden=8,5` fits"),
        ({"size": 4}, "layers of .3, 8, 5, 2. numbers.*another environment"),
        ({"space": DISCRETE}, "actions of another kind"),
        ({"activation": "tanh"}, "relu units, this run's policy tanh units"),
    ],
)
def test_another_network_is_refused(changes, message, tmp_path):
    make(0, BOX)[1].save(tmp_path)
    policy, here = make(1, **{"space": BOX} | changes)
    before = policy.get_weights()
    with pytest.raises(UserError, match=message):
        take_over(tmp_path, here, [policy])
    assert all((a == b).all() for a, b in zip(before, policy.get_weights(), strict=True))


def test_what_is_no_policy_of_a_run_is_refused(expert_data, tmp_path):
    policy, here = make(1, DISCRETE)
    with pytest.raises(UserError, match="not a SavedModel"):
        take_over(tmp_path, here, [policy])
    # The shipped experts were exported without their normalisation.
    with pytest.raises(UserError, match="earlier version"):
        take_over(expert_data / "CartPole" / "expert", here, [policy])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a short run, and the actions that its policy takes in demonstrated states."""
    folder = tmp_path_factory.mktemp("run")
    small = {"algorithm": "bc", "max_epochs": 5, "evaluation_episodes": 1, "final_episodes": 1}
    demonstrated = sample_data.load("CartPole")
    trainer = make_trainer(configs.make("CartPole", **small), demonstrated, folder)
    trainer.train(progress=False)
    return folder, trainer.policy.deterministic(demonstrated.observations).numpy()


@pytest.mark.parametrize("chosen", [{}, {"algorithm": "bc"}, {"preset": "paper"}])
def test_every_algorithm_starts_from_it(chosen, run, tmp_path):
    folder, expected = run
    demonstrated = sample_data.load("CartPole")
    half = demonstrated._replace(
        **{
            name: getattr(demonstrated, name)[:100]
            for name in ("observations", "actions", "next_observations", "terminated", "ended")
        }
    )
    told = {"replay_steps": 100, "total_steps": 4000} if chosen.get("preset") else {}
    config = configs.make("CartPole", **chosen, **told, initial_policy=str(folder))
    fresh, _ = make_learner(config, half)
    untrained = fresh.deployed_policy.deterministic(demonstrated.observations).numpy()
    assert (untrained != expected).any()
    trainer = make_trainer(config, half, tmp_path / "new")
    acted = trainer.policy.deterministic(demonstrated.observations).numpy()
    np.testing.assert_array_equal(acted, expected)


def test_a_policy_of_another_environment_is_refused(run, tmp_path):
    class Other(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-9.0, 9.0, (4,), np.float32)
        action_space = gymnasium.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return self.np_random.uniform(5.0, 6.0, 4).astype(np.float32), {}

        def step(self, action):
            return np.full(4, 5.5, np.float32), 0.0, False, False, {}

    entry: Any = Other
    gymnasium.register("NotCartPole-v0", entry, max_episode_steps=20)
    settings = {"algorithm": "bc", "expert_data": "known", "initial_policy": str(run[0])}
    demonstrated, logdir = sample_data.load("CartPole"), tmp_path / "new"
    with pytest.raises(UserError, match="`initial_policy` .* is of another environment"):
        make_trainer(configs.make("NotCartPole-v0", **settings), demonstrated, logdir)
    assert not logdir.exists()
    accepted = configs.make("NotCartPole-v0", **settings, accept_mismatch=True)
    with pytest.warns(DataWarning, match="`initial_policy` .* may not be of NotCartPole-v0"):
        make_trainer(accepted, demonstrated, logdir)


def test_a_policy_that_does_not_fit_leaves_no_folder(run, tmp_path):
    config = configs.make("CartPole", initial_policy=str(run[0]), policy_hidden=(7,))
    with pytest.raises(UserError, match="`policy_hidden=100,50` fits"):
        make_trainer(config, sample_data.load("CartPole"), tmp_path / "new")
    assert not (tmp_path / "new").exists()
