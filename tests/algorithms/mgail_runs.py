"""All that can be seen of a run of MGAIL, for tests of its options."""

from typing import Any
from unittest import mock

from learners import SMALL, record_gradients
import numpy as np
import sample_data
import segments
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.algorithms import mgail
from mgail_tf.algorithms.objective import objective
from mgail_tf.training import build

# Of Pendulum-v1 the networks see 3 numbers, and an action of 1; of CartPole-v1 4, and 2 actions.
CONTINUOUS, DISCRETE = "Pendulum-v1", "CartPole-v1"
SIZES = {CONTINUOUS: (3, 1), DISCRETE: (4, 2)}
ROUNDS = 6
BASE: dict[str, Any] = SMALL | {
    "env": CONTINUOUS,
    "num_envs": 4,
    "segment_length": 2,
    "policy_updates": 1,
    "policy_segments": 10,
    "batch_size": 20,
    "policy_hidden": (5,),
    "discriminator_hidden": (6,),
    "value_hidden": (7,),
    "forward_model_width": 8,
}
NETWORKS = "policy", "discriminator", "value", "forward_model"
RECORDED_ACTION = 0.25


class FakeCollector:
    """Instead of environments; observations are far beyond any limit."""

    steps = 0

    def __init__(self, num_envs, env):
        self._num_envs, self._env = num_envs, env
        self.cut = np.zeros(num_envs, bool)
        self.acted = None

    def collect(self, act, length):
        observation_size, action_size = SIZES[self._env]
        _, noise = act(np.zeros([self._num_envs, observation_size], np.float32), [0, 0])
        assert noise.shape == (self._num_envs, action_size)
        self.acted = length, len(noise)
        segment = segments.draw_segment(*self.acted, observation_size, action_size)
        far = tf.fill(segment.observation.shape, 1e9)
        action = np.zeros(self.acted, int) if self._env == DISCRETE else segment.action
        return segment._replace(observation=far, next_observation=far, action=action)


def draw_demonstrations(env):
    observation_size, _ = SIZES[env]
    actions = np.arange(30) % 2
    if env == CONTINUOUS:
        actions = np.random.default_rng(0).uniform(-1.0, 1.0, (30, 1)).astype(np.float32)
    return sample_data.draw(30, observation_size, actions)


def count_demonstrated(learner, observations):
    """How many observations [..., size] at the first step are demonstrated ones."""
    demonstrated, _ = learner.demonstrated.pairs()
    distances = np.abs(np.asarray(observations)[:, None] - demonstrated.numpy()).max(-1)
    return int((distances.min(-1) == 0.0).sum())


class Calls(dict):
    """What functions were called with: by their names, lists of (positional, named) arguments."""

    def watch(self, owner, name, instead=None):
        function = instead or getattr(owner, name)

        def call(*positional, **named):
            self.setdefault(name, []).append((positional, named))
            return function(*positional, **named)

        return mock.patch.object(owner, name, call)


def observe(**settings: Any) -> dict[str, Any]:
    """All that can be seen of a run's beginning and of its last round, by name."""
    settings = BASE | settings
    steps_per_round = settings["num_envs"] * settings["segment_length"]
    config = configs.make(total_steps=ROUNDS * steps_per_round, **settings)
    learner, seen = set_up(config)
    networks, optimizers = learner.networks, learner.optimizers
    rates = {name: float(getattr(optimizers, name).learning_rate) for name in NETWORKS}
    counts = pass_earlier_rounds(learner, config, SIZES[settings["env"]])
    calls, collector = Calls(), FakeCollector(settings["num_envs"], settings["env"])
    penalties = record_gradients(optimizers.discriminator)
    losses = record_gradients(optimizers.policy)
    # A loss of cloning that is the sum of the policy's weights, and no J that depends on them.
    policy = networks.policy.trainable_variables

    def constant_objective(*positional, **named):
        J, cost, rollout = objective(*positional, **named)
        return tf.stop_gradient(J), cost, rollout

    # A penalty that is the sum of the discriminator's weights, and no other loss.
    weights = networks.discriminator.trainable_variables
    with (
        calls.watch(mgail, "gradient_penalty", lambda *_: add_up(weights)),
        calls.watch(mgail, "classification_loss", lambda *_: 0.0 * add_up(weights)),
        calls.watch(mgail, "objective", constant_objective),
        calls.watch(networks.policy, "cloning_loss", lambda *_: add_up(policy)),
        calls.watch(mgail, "value_targets"),
        calls.watch(mgail, "termination_cost"),
        calls.watch(mgail, "follow"),
        calls.watch(learner, "update_policy"),
        calls.watch(learner, "update_discriminator"),
        calls.watch(learner, "update_forward_model"),
        calls.watch(learner.replay, "sample"),
    ):
        learner.learn(collector)
    seen |= {
        "steps of a round": learner.steps_per_round,
        "steps that are acted": collector.acted,
        "buffer": (learner.replay.capacity, learner.replay.num_envs),
        "weight of the penalty": rounded(penalties[0][0][0][0, 0]),
        "weight of cloning": rounded(losses[0][0][0][0, 0]),
    }
    for name, rate in rates.items():
        optimizer = getattr(optimizers, name)
        seen[f"rate of the {name}"] = rounded(rate)
        seen[f"updates of the {name}"] = int(optimizer.iterations) - counts[name]
    return seen | see_networks(learner) | see_batches(learner, calls) | see_losses(learner, calls)


def rounded(number):
    """To four digits: of more, 32-bit numbers are not sure."""
    return float(f"{float(number):.4g}")


def add_up(weights):
    return tf.add_n([tf.reduce_sum(weight) for weight in weights])


def set_up(config) -> Any:
    """The learner; and what is seen of the environments."""
    calls = Calls()
    with (
        calls.watch(build, "ParallelEnvironments", lambda *_: mock.Mock(num_envs=1)),
        calls.watch(build, "CutEpisodes", lambda env, mean_length: "cut"),
        calls.watch(build, "start_from_clone", lambda *_: None),
    ):
        learner, _ = build.make_learner(config, draw_demonstrations(config.run.env))
        build.begin(learner, config)
        [([_, num_envs, _, wrap, _], _)] = calls["ParallelEnvironments"]
        is_cut = wrap is not None and wrap("whole") == "cut"
    mean_length = calls["CutEpisodes"][0][1]["mean_length"] if is_cut else None
    return learner, {
        "environments": num_envs,
        "mean length of episodes": mean_length,
        "starts from a clone": "start_from_clone" in calls,
    }


def pass_earlier_rounds(learner, config, sizes):
    """Fills the buffer and counts the updates, as if they had been made."""
    updates = config.learner.updates
    counts = {
        "policy": updates.policy_updates,
        "value": updates.policy_updates,
        "discriminator": updates.discriminator_updates,
        "forward_model": updates.forward_model_updates,
    }
    counts = {name: (ROUNDS - 1) * a_round for name, a_round in counts.items()}
    for name, count in counts.items():
        getattr(learner.optimizers, name).iterations.assign(count)
    replay = learner.replay
    earlier = segments.draw_segment(replay.capacity, replay.num_envs, *sizes)
    replay.push(earlier._replace(action=tf.fill(earlier.action.shape, RECORDED_ACTION)))
    return counts


def see_networks(learner):
    networks = learner.networks
    policy, average = networks.policy, networks.average_policy
    for name in "noise_scale", "temperature":
        assert getattr(policy, name, None) == getattr(average, name, None)
    # The last round's observations are as far as the encoder lets them be.
    newest = learner.replay.sample(10, 1, [0, 0], newest=1)
    shapes = {
        f"shapes of the {name}": [
            tuple(weight.shape) for weight in getattr(networks, name).trainable_variables
        ]
        for name in NETWORKS
    }
    return shapes | {
        "sigma": rounded(getattr(policy, "initial_stddev", [0.0])[0]),
        "sigma is learned": getattr(policy, "log_stddev", None) is not None,
        "final noise scale": rounded(getattr(policy, "noise_scale", 0.0)),
        "temperature": getattr(policy, "temperature", None),
        "goes back at": learner.way_back.astray,
        "predicts the change": networks.forward_model.residual,
        "limit of observations": float(np.max(newest.observation)),
    }


def see_batches(learner, calls):
    [policy, *_], _ = calls["update_policy"][0]
    [forward_model], _ = calls["update_forward_model"][0]
    [expert, agent], _ = calls["update_discriminator"][0]
    replayed = [(positional[3:] or [None])[0] for positional, _ in calls["sample"]]
    [newest] = {steps for steps in replayed if steps}
    return {
        "batch of the policy": tuple(policy.observation.shape[:2]),
        "batch of the forward model": tuple(forward_model.observation.shape[:2]),
        "batch of the discriminator": (len(expert[0]), len(agent[0])),
        "demonstrated for the policy": count_demonstrated(learner, policy.observation[0]),
        "demonstrated for the forward model": count_demonstrated(
            learner, forward_model.observation[0]
        ),
        "demonstrated for the discriminator": count_demonstrated(learner, agent[0]),
        "steps that the policy's segments are among": newest,
        "recorded actions are judged": bool((agent[1].numpy() == RECORDED_ACTION).any()),
    }


def see_losses(learner, calls):
    networks = learner.networks
    positional, J = calls["objective"][0]
    _, V = calls.get("value_targets", [(None, {})])[0]
    steps = {id(average): float(step) for [average, _, step], _ in calls["follow"]}
    slow_step = steps.get(id(networks.slow_value))
    # The last one is 1 / (1 + window * updates).
    average_step = steps[id(networks.average_policy)]
    window = (1.0 / average_step - 1.0) / float(learner.optimizers.policy.iterations)
    return {
        "gamma of J": positional[4],
        "V is behind J": positional[5] is networks.slow_value,
        "history": J["history"],
        "clip": J["state_gradient_clip"],
        "J restarts": J["restart"],
        "gamma of V": V.get("discount"),
        "lambda": V.get("decay"),
        "margin of terminations": calls["termination_cost"][0][1]["margin"],
        "V restarts": V.get("restart"),
        "slow value keeps": slow_step and rounded(1.0 - slow_step),
        "averaging window": rounded(window),
    }
