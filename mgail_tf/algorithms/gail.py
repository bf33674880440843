"""GAIL (Ho and Ermon, 2016): the model-free ancestor of MGAIL, to compare with.

The discriminator is ours, and what it says is a reward. TRPO estimates the policy's gradient from
it, where MGAIL differentiates the discriminator itself.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.acting import draw_action
from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.algorithms.histograms import compare
from mgail_tf.algorithms.learner import Collector, Metrics
from mgail_tf.algorithms.trust_region import Rollout, TrustRegion
from mgail_tf.algorithms.updates import descend, fraction, repeat
from mgail_tf.data.replay import Replay
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks.build import Encoders, make_discriminator, make_policy
from mgail_tf.networks.discriminator import (
    AGENT,
    EXPERT,
    Discriminator,
    Pair,
    classification_loss,
    cross_entropy,
    gradient_penalty,
)
from mgail_tf.networks.policy import GaussianPolicy, Policy

# Pairs of the agent that are kept for histograms.
SHOWN = 1000


def reward_of(logits: tf.Tensor, *, positive: bool) -> tf.Tensor:
    """The agent's reward for pairs: the discriminator's [..., 2] logits -> [...].

    D is the probability that a pair is the agent's. The paper's reward is -log D, which is
    positive: to go on is always better than an end, which is right where an episode ends by a fall.
    Where it ends at the goal, the agent would rather not arrive. There log(1 - D) is right, which
    is negative. Both are largest where the discriminator takes the agent for the expert.

    Args:
      logits: of the pairs.
      positive: which of the two.
    """
    return cross_entropy(logits, AGENT) if positive else -cross_entropy(logits, EXPERT)


class GAIL(tf.Module):
    """A discriminator that rewards, and a policy that TRPO trains.

    A round is an iteration of the paper's Algorithm 1: act, update the discriminator, update the
    policy by what the discriminator says now.

    Args:
      options: all of GAIL's.
      encoders: of observations and actions.
      demonstrated: the demonstrations, as the networks see them.
      termination_is_goal: whether every demonstration ends by a termination.
      seed: of everything that the learner draws.
      total_steps: the budget, which decides how long an iteration is if the options do not.

    Attributes:
      policy, discriminator: the networks.
      deployed_policy: the policy as it is now.
      positive_reward: which form the reward has; see `reward_of`.
    """

    finished = False

    def __init__(
        self,
        options: GAILOptions,
        encoders: Encoders,
        demonstrated: Replay,
        *,
        termination_is_goal: bool = False,
        seed: int,
        total_steps: int,
    ):
        super().__init__()
        self.options, self.encoders = options, encoders
        goal = {"auto": termination_is_goal, "positive": False, "negative": True}
        self.positive_reward = not goal[options.reward]
        self._expert: Pair = demonstrated.pairs()
        self._generator = tf.random.Generator.from_seed(seed)
        observation_size, actions = encoders.observations.size, encoders.actions
        self.policy = make_policy(
            actions, options.policy_hidden, noise_stddev=1.0, learn_noise=True, activation="tanh"
        )
        self.discriminator: Discriminator = make_discriminator(
            actions, options.discriminator_hidden, outputs_per_action=True, activation="tanh"
        )
        observation = tf.zeros([1, observation_size])
        self.policy(observation)
        self.discriminator(observation, tf.zeros([1, actions.size]))
        self._optimizer = keras.optimizers.Adam(options.discriminator_learning_rate)
        self._optimizer.build(self.discriminator.trainable_variables)
        self._length = options.segment_length(total_steps)
        self._trust_region = TrustRegion(options, self._length, observation_size, actions, seed)
        self._trust_region.initialize(self.policy)
        self._newest = tuple(
            tf.Variable(tf.zeros([SHOWN, size]), trainable=False)
            for size in (observation_size, actions.size)
        )
        self.deployed_policy = DeployedPolicy(
            self.policy, encoders.observations, actions, encoders.space
        )

    @property
    def steps_per_round(self) -> int:
        """Environment steps of an iteration."""
        return self.options.num_envs * self._length

    @property
    def policies(self) -> list[Policy]:
        """The policy."""
        return [self.policy]

    @property
    def weights(self) -> dict[str, list[Any]]:
        """Of all networks, by name."""
        return {
            "policy": self.policy.trainable_variables,
            "discriminator": self.discriminator.trainable_variables,
            "value": self._trust_region.value_weights,
        }

    def evaluating(self) -> None:
        """Nothing: evaluations make no difference here."""

    def evaluated(self, distance: Distance) -> None:
        """Nothing, either."""

    def learn(self, collector: Collector) -> Metrics:
        """An iteration: acts, then updates the discriminator, and then policy and value."""
        segment = collector.collect(self.act, self._length)
        observed = segment.next_observation
        segment = self.encoders.encode(segment)
        metrics = self.update_discriminator((segment.observation, segment.action))
        action, reward = self.judge(segment.observation, segment.action, segment.noise)
        rollout = Rollout(
            segment.observation.numpy(),
            segment.next_observation.numpy(),
            action.numpy(),
            reward.numpy(),
            segment.terminated.numpy(),
            segment.ended.numpy(),
        )
        seed = int(self._generator.uniform([], 0, 2**31 - 1, tf.int32))
        metrics |= self._trust_region.update(self.policy, rollout, seed)
        # Not before: what acted saw them in the scale of then.
        if self.encoders.observations.constant.any():
            self.encoders.observations.widen(observed)
        return metrics | {"policy/reward": rollout.reward.mean()}

    @tf.function(autograph=False)
    def act(self, observation, seed):
        """Takes one action in each environment; see `draw_action`."""
        return draw_action(self.policy, self.encoders, observation, seed)

    @tf.function(autograph=False)
    def update_discriminator(self, agent: Pair):
        """Several steps on the cross entropy of expert's and agent's pairs [..., size].

        Returns:
          Scalars by name, the means over the steps.
        """
        agent = tuple(tf.reshape(values, [-1, values.shape[-1]]) for values in agent)
        for kept, values in zip(self._newest, self._draw(agent, SHOWN), strict=True):
            kept.assign(values)
        size = self.options.batch_size
        return repeat(
            lambda: self._update_discriminator(
                self._draw(self._expert, size), self._draw(agent, size)
            ),
            self.options.discriminator_updates,
        )

    def _draw(self, pairs: Pair, count: int) -> Pair:
        """So many of the pairs, any of them as often as any other."""
        index = self._generator.uniform([count], 0, tf.shape(pairs[0])[0], tf.int32)
        return tuple(tf.gather(values, index) for values in pairs)

    def _update_discriminator(self, expert_pair: Pair, agent_pair: Pair):
        discriminator = self.discriminator
        with tf.GradientTape() as tape:
            expert, agent = discriminator(*expert_pair), discriminator(*agent_pair)
            loss = classification_loss(expert, agent)
            mixture = self._generator.uniform([expert.shape[0], 1])
            penalty = gradient_penalty(discriminator, expert_pair, agent_pair, mixture)
            total = loss + self.options.gradient_penalty * penalty
        norm = descend(tape, total, discriminator, self._optimizer)
        return {
            "discriminator/loss": loss,
            "discriminator/gradient_penalty": penalty,
            "discriminator/accuracy_expert": fraction(tf.argmax(expert, -1) == EXPERT),
            "discriminator/accuracy_agent": fraction(tf.argmax(agent, -1) == AGENT),
            "discriminator/gradient_norm": norm,
        }

    @tf.function(autograph=False)
    def judge(self, observation, action, noise):
        """What TRPO needs to know of pairs [length, num_envs, ...], as the networks see them.

        Returns:
          The actions as they were drawn, before the environment clipped them, or the choices; and
          the rewards [length, num_envs].
        """
        logits = self.discriminator(observation, action)
        reward = reward_of(logits, positive=self.positive_reward)
        if isinstance(self.policy, GaussianPolicy):
            distribution = self.policy(observation)
            return distribution.mean() + distribution.stddev() * noise, reward
        return self.policy.parts.choices(action), reward

    def histograms(self, seed: int) -> dict[str, np.ndarray]:
        """Agent beside expert; see `histograms.compare`."""
        index = np.random.default_rng(seed).integers(len(self._expert[0]), size=SHOWN)
        expert = tuple(tf.gather(values, index) for values in self._expert)
        return compare(self.discriminator, tuple(map(tf.convert_to_tensor, self._newest)), expert)
