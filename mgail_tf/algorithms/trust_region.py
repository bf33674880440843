"""TRPO (Schulman et al., 2015) of sb3-contrib, which needs torch: how GAIL's policy learns."""

import io
from typing import NamedTuple
import warnings

import gymnasium
import keras
import numpy as np
from sb3_contrib import TRPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.utils import set_random_seed
from stable_baselines3.common.vec_env import DummyVecEnv
import tensorflow as tf
import torch

from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.networks.build import AnyActionEncoder
from mgail_tf.networks.encoding import DiscreteActionEncoder
from mgail_tf.networks.policy import LOG_STDDEV_LIMIT, GaussianPolicy, Policy

# Of the conjugate gradients, as in the papers of TRPO and of GAIL.
CG_STEPS = 10
# What names the weights in a checkpoint; the numbers of Adam have the number of theirs.
WEIGHT = "weight"


class Rollout(NamedTuple):
    """What the agent did in an iteration, [length, num_envs, ...], as arrays.

    Attributes:
      observation, next_observation: [length, num_envs, observation_size], as the networks see them.
      action: [length, num_envs, size], the numbers that were drawn, whatever the environment made
        of those beyond its bounds; or [length, num_envs, parts], the choices.
      reward: [length, num_envs].
      terminated, ended: [length, num_envs], as of a `Segment`.
    """

    observation: np.ndarray
    next_observation: np.ndarray
    action: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    ended: np.ndarray


class _Spaces(gymnasium.Env):
    """The spaces that the networks see; sb3 asks for an environment, and never steps this one."""

    def __init__(self, observation_size: int, actions: AnyActionEncoder):
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (observation_size,))
        if isinstance(actions, DiscreteActionEncoder):
            self.action_space = gymnasium.spaces.MultiDiscrete(list(actions.parts.sizes))
        else:
            # The bounds mean nothing: actions are clipped where the environment takes them.
            self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (actions.size,))


class TrustRegion(tf.train.experimental.PythonState):
    """Moves a policy up its advantage, and no farther than a bound; fits the value.

    The policy is a Keras network. It is copied into torch before an update, and back after it. A
    checkpoint holds what exists in torch only: the value, and its optimizer's state.

    Args:
      options: all of GAIL's.
      length: steps of a rollout in each environment.
      observation_size: length of an observation.
      actions: the encoder of actions.
      seed: of the weights.
    """

    def __init__(
        self,
        options: GAILOptions,
        length: int,
        observation_size: int,
        actions: AnyActionEncoder,
        seed: int,
    ):
        torch.set_num_threads(1)
        self._options = options
        envs = [lambda: _Spaces(observation_size, actions)] * options.num_envs
        with warnings.catch_warnings(action="ignore"):  # The last batch may be a smaller one.
            self._trpo = TRPO(
                "MlpPolicy",
                DummyVecEnv(envs),
                learning_rate=options.value_learning_rate,
                n_steps=length,
                batch_size=options.batch_size,
                gamma=options.discount,
                gae_lambda=options.gae_lambda,
                cg_max_steps=CG_STEPS,
                cg_damping=options.cg_damping,
                target_kl=options.max_kl,
                n_critic_updates=options.value_passes,
                policy_kwargs={
                    "net_arch": {
                        "pi": list(options.policy_hidden),
                        "vf": list(options.value_hidden),
                    },
                    "activation_fn": torch.nn.Tanh,
                },
                seed=seed,
                device="cpu",
            )
        self._trpo.set_logger(Logger(None, []))

    @property
    def value_weights(self) -> list[torch.Tensor]:
        """Of the value network."""
        policy = self._trpo.policy
        networks = policy.mlp_extractor.value_net, policy.value_net
        return [weight.detach() for network in networks for weight in network.parameters()]

    def initialize(self, policy: Policy) -> None:
        """Gives a Keras policy the weights that learning begins with."""
        self._copy_to(policy)

    def update(self, policy: Policy, rollout: Rollout, seed: int) -> dict[str, float]:
        """One iteration of TRPO.

        Args:
          policy: the Keras network that has acted; it gets the new weights.
          rollout: what it did.
          seed: of all that is drawn for it.

        Returns:
          Scalars by name.
        """
        self._copy_from(policy)
        self._remember(rollout)
        # sb3 draws from the global generators of NumPy and torch.
        set_random_seed(seed)
        self._trpo.train()
        if isinstance(policy, GaussianPolicy):
            self._trpo.policy.log_std.data.clamp_(-LOG_STDDEV_LIMIT, LOG_STDDEV_LIMIT)
        self._copy_to(policy)
        logged = self._trpo.logger.name_to_value
        metrics = {
            "policy/advantage": logged["train/policy_objective"],
            "policy/kl": logged["train/kl_divergence_loss"],
            "policy/line_search_success": logged["train/is_line_search_success"],
            "value/loss": logged["train/value_loss"],
            "value/explained_variance": logged["train/explained_variance"],
            "value/mean": self._trpo.rollout_buffer.returns.mean(),
        }
        if isinstance(policy, GaussianPolicy):
            metrics["policy/stddev"] = logged["train/std"]
        return metrics

    @torch.no_grad()
    def _remember(self, rollout: Rollout) -> None:
        """Puts a rollout into sb3's buffer, with values, likelihoods and advantages."""
        policy, buffer = self._trpo.policy, self._trpo.rollout_buffer
        observation, action, following = (
            torch.tensor(each).flatten(0, 1)
            for each in (rollout.observation, rollout.action, rollout.next_observation)
        )
        shape = rollout.reward.shape
        values, log_likelihoods, _ = policy.evaluate_actions(observation, action)
        values, log_likelihoods = values.reshape(shape), log_likelihoods.reshape(shape)
        following_values = policy.predict_values(following).reshape(shape)
        # Beyond a time limit the episode would have gone on.
        discount, cut = self._options.discount, (rollout.ended > 0.0) & (rollout.terminated == 0.0)
        # A return is then of the size of one reward, which the value learns faster. The policy does
        # not see the difference, because advantages are normalised.
        reward = (1.0 - discount) * rollout.reward + discount * cut * following_values.numpy()
        starts = np.concatenate([np.zeros_like(rollout.ended[:1]), rollout.ended[:-1]])
        buffer.reset()
        for step in range(len(reward)):
            buffer.add(
                rollout.observation[step],
                rollout.action[step],
                reward[step],
                starts[step],
                values[step],
                log_likelihoods[step],
            )
        buffer.compute_returns_and_advantage(following_values[-1], rollout.ended[-1])

    def _layers(self) -> list[torch.nn.Linear]:
        """From the observation to the mean or the logits."""
        policy = self._trpo.policy
        hidden = [
            each for each in policy.mlp_extractor.policy_net if isinstance(each, torch.nn.Linear)
        ]
        return [*hidden, policy.action_net]

    def _copy_from(self, policy: Policy) -> None:
        for layer, dense in zip(self._layers(), policy.layers_to_action, strict=True):
            kernel, bias = dense.get_weights()
            # torch has an output in each row, Keras in each column.
            layer.weight.data.copy_(torch.from_numpy(kernel.T))
            layer.bias.data.copy_(torch.from_numpy(bias))
        if log_stddev := _log_stddev(policy):
            _, bias = log_stddev.get_weights()
            self._trpo.policy.log_std.data.copy_(torch.from_numpy(bias))

    def _copy_to(self, policy: Policy) -> None:
        for layer, dense in zip(self._layers(), policy.layers_to_action, strict=True):
            dense.set_weights([layer.weight.detach().numpy().T, layer.bias.detach().numpy()])
        if log_stddev := _log_stddev(policy):
            # It does not depend on the observation.
            kernel, _ = log_stddev.get_weights()
            bias = self._trpo.policy.log_std.detach().numpy()
            log_stddev.set_weights([np.zeros_like(kernel), bias])

    def serialize(self) -> bytes:
        """What a checkpoint holds: arrays by name, as a `.npz` file."""
        policy, file = self._trpo.policy, io.BytesIO()
        arrays = {f"{WEIGHT}/{name}": weight for name, weight in policy.state_dict().items()}
        for index, moments in policy.optimizer.state_dict()["state"].items():
            arrays |= {f"{index}/{name}": moment for name, moment in moments.items()}
        np.savez(file, allow_pickle=False, **{name: each.numpy() for name, each in arrays.items()})
        return file.getvalue()

    def deserialize(self, string_value: bytes) -> None:
        """Restores what `serialize` gave."""
        policy, weights = self._trpo.policy, {}
        state = policy.optimizer.state_dict() | {"state": {}}
        with np.load(io.BytesIO(string_value), allow_pickle=False) as arrays:
            for key in arrays:
                place, name = key.split("/")
                tensor = torch.from_numpy(arrays[key])
                if place == WEIGHT:
                    weights[name] = tensor
                else:
                    state["state"].setdefault(int(place), {})[name] = tensor
        policy.load_state_dict(weights)
        policy.optimizer.load_state_dict(state)


def _log_stddev(policy: Policy) -> keras.layers.Dense | None:
    """The layer of the deviation; None where actions are choices."""
    return policy.log_stddev if isinstance(policy, GaussianPolicy) else None
