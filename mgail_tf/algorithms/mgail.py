"""MGAIL: the networks, and how each of them learns (Algorithm 1)."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.acting import draw_action
from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.experience import remember
from mgail_tf.algorithms.histograms import compare
from mgail_tf.algorithms.learner import Collector, Metrics
from mgail_tf.algorithms.mgail_networks import Networks, Optimizers
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.algorithms.objective import Rollout, objective, prediction_loss
from mgail_tf.algorithms.returns import termination_cost, value_targets
from mgail_tf.algorithms.segments import SegmentSampler
from mgail_tf.algorithms.updates import descend, follow, fraction, repeat
from mgail_tf.algorithms.way_back import WayBack
from mgail_tf.data.replay import Replay
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.discriminator import (
    AGENT,
    EXPERT,
    Pair,
    classification_loss,
    gradient_penalty,
)
from mgail_tf.networks.policy import Policy

# How far the mean cost of a step goes towards that of a batch: slowly, because the discriminator's
# costs jump while it learns.
MEAN_COST_STEP = 1e-3


class MGAIL(tf.Module):
    """Policy, discriminator, forward model and value, and how each of them learns.

    Args:
      options: all of MGAIL's.
      encoders: of observations and actions.
      demonstrated: the demonstrations, as the networks see them.
      expert_termination_rate: terminations per demonstrated step, more than 0.
      termination_is_goal: whether every demonstration ends by a termination.
      seed: of everything that the learner draws.
      total_steps: the budget, over which the noise falls.

    Attributes:
      networks: the networks.
      replay: the experience buffer B.
      options, encoders, demonstrated: as given.
      sampler: draws what each update learns from.
      way_back: the policy to go back to.
      deployed_policy: the averaged policy, for evaluation and export.
    """

    def __init__(
        self,
        options: MGAILOptions,
        encoders: Encoders,
        demonstrated: Replay,
        *,
        expert_termination_rate: float,
        termination_is_goal: bool = False,
        seed: int,
        total_steps: int,
    ):
        super().__init__()
        acting = options.acting
        self.options, self.encoders = options, encoders
        self._expert_termination_rate = expert_termination_rate
        self._termination_is_goal = termination_is_goal
        self._mean_cost = tf.Variable(0.0, trainable=False)
        self._generator = tf.random.Generator.from_seed(seed)
        self.networks = Networks(options, encoders)
        self.optimizers = Optimizers(self.networks, options.losses)
        updates = total_steps // acting.steps_per_round * options.updates.policy_updates
        self._noise_scale = keras.optimizers.schedules.PolynomialDecay(
            1.0, updates, acting.final_noise_scale
        )
        self.way_back = WayBack(self.networks.average_policy, options.updates.astray)
        # It does not depend on the budget, because a run may go on with a larger one.
        kept = options.updates.replay_steps // acting.steps_per_round
        self.replay = Replay(
            kept * acting.segment_length,
            acting.num_envs,
            encoders.observations.size,
            encoders.actions.size,
        )
        self.demonstrated = demonstrated
        self.sampler = SegmentSampler(
            self.replay, demonstrated, self.networks.policy, options, self._generator
        )
        self.deployed_policy = DeployedPolicy(
            self.networks.average_policy, encoders.observations, encoders.actions, encoders.space
        )

    @property
    def steps_per_round(self) -> int:
        """Environment steps of a round."""
        return self.options.acting.steps_per_round

    finished = False

    @property
    def policies(self) -> list[Policy]:
        """The policy and its average."""
        return [self.networks.policy, self.networks.average_policy]

    @property
    def weights(self) -> dict[str, list[Any]]:
        """Of all networks, by name."""
        names = "policy", "average_policy", "discriminator", "forward_model", "value", "slow_value"
        return {name: getattr(self.networks, name).trainable_variables for name in names}

    def evaluating(self) -> None:
        """Remembers the policy that is being evaluated."""
        self.way_back.mark(self.networks.average_policy)

    def evaluated(self, distance: Distance) -> None:
        """Goes back to a closer policy if need be."""
        self.way_back.evaluated(distance, self.policies)

    def learn(self, collector: Collector) -> Metrics:
        """A round of Algorithm 1: acts for T steps in every environment, then updates."""
        segment = collector.collect(self.act, self.options.acting.segment_length)
        if collector.cut.any():
            self.replay.end_last(collector.cut)
        return self.update(segment)

    @tf.function(autograph=False)
    def act(self, observation, seed):
        """Takes one action in each environment; see `draw_action`."""
        return draw_action(self.networks.policy, self.encoders, observation, seed)

    @tf.function(autograph=False)
    def update(self, segment):
        """Stores a segment and updates every network: Algorithm 1, lines 7-14.

        Args:
          segment: a `Segment` [T, num_envs, ...] as the environments gave it.

        Returns:
          A dict of scalars, the means over the round's updates.
        """
        remember(self.replay, segment, self.encoders.observations, self.encoders.encode)
        updates = self.options.updates
        cost_of_termination = termination_cost(
            self.replay.termination_rate(),
            self._expert_termination_rate,
            self._mean_cost,
            margin=self.options.losses.termination_margin,
            is_goal=self._termination_is_goal,
        )

        def forward_model():
            return self.update_forward_model(self.sampler.for_forward_model())

        def discriminator():
            return self.update_discriminator(*self.sampler.for_discriminator())

        def policy():
            return self.update_policy(
                self.sampler.for_policy(), self.sampler.for_cloning(), cost_of_termination
            )

        metrics = repeat(forward_model, updates.forward_model_updates)
        metrics |= repeat(discriminator, updates.discriminator_updates)
        metrics |= repeat(policy, updates.policy_updates)
        noise_scale = self._noise_scale(self.optimizers.policy.iterations)
        self.networks.policy.set_noise_scale(noise_scale)
        self.networks.average_policy.set_noise_scale(noise_scale)
        return metrics | {"policy/times_gone_back": self.way_back.times}

    @tf.function(autograph=False)
    def update_forward_model(self, segment):
        """One step on the one-step prediction error of a `Segment` [history, batch, ...]."""
        with tf.GradientTape() as tape:
            loss = prediction_loss(self.networks.forward_model, segment)
        norm = descend(tape, loss, self.networks.forward_model, self.optimizers.forward_model)
        change = tf.reduce_mean((segment.next_observation - segment.observation) ** 2, -1)
        return {
            "forward_model/loss": loss,
            "forward_model/loss_of_no_change": segment.mean(change),
            "forward_model/gradient_norm": norm,
        }

    @tf.function(autograph=False)
    def update_discriminator(self, expert_pair: Pair, agent_pair: Pair):
        """One step on the cross entropy (Eq. 6) of (observation, action) pairs [batch, size]."""
        discriminator = self.networks.discriminator
        with tf.GradientTape() as tape:
            expert = discriminator(*expert_pair)
            agent = discriminator(*agent_pair)
            loss = classification_loss(expert, agent)
            mixture = self._generator.uniform([expert.shape[0], 1])
            penalty = gradient_penalty(discriminator, expert_pair, agent_pair, mixture)
            total = loss + self.options.losses.gradient_penalty * penalty
        norm = descend(tape, total, discriminator, self.optimizers.discriminator)
        verdicts = tf.argmax([expert, agent], -1)
        return {
            "discriminator/loss": loss,
            "discriminator/gradient_penalty": penalty,
            "discriminator/accuracy_expert": fraction(verdicts[0] == EXPERT),
            "discriminator/accuracy_agent": fraction(verdicts[1] == AGENT),
            "discriminator/gradient_norm": norm,
        }

    @tf.function(autograph=False)
    def update_policy(self, segment, demonstrated: Pair, cost_of_termination):
        """One step down the gradient of J (Eq. 12-13), and one of V along the same rollout.

        Behavioural cloning is a part of the loss: in demonstrated states the policy need not wait
        until the discriminator knows what the expert does there.

        Args:
          segment: `Segment` [T, batch, ...].
          demonstrated: what is cloned: (observation, action) pairs [batch, size].
          cost_of_termination: the cost of every step after a termination.
        """
        networks, losses = self.networks, self.options.losses
        with tf.GradientTape() as tape:
            J, cost, rollout = objective(
                networks.policy,
                networks.discriminator,
                networks.forward_model,
                segment,
                losses.discount,
                networks.slow_value if losses.use_value else None,
                history=self.options.networks.forward_model_history,
                state_gradient_clip=losses.state_gradient_clip,
                restart=self.options.updates.restart_segments,
            )
            cloning_loss = tf.reduce_mean(networks.policy.cloning_loss(*demonstrated))
            loss = J + losses.cloning_weight * cloning_loss
        norm = descend(tape, loss, networks.policy, self.optimizers.policy)
        updates = tf.cast(self.optimizers.policy.iterations, tf.float32)
        follow(
            networks.average_policy, networks.policy, 1 / (1 + losses.averaging_window * updates)
        )
        mean_cost = segment.mean(cost, self.options.updates.restart_segments)
        self._mean_cost.assign_add(MEAN_COST_STEP * (mean_cost - self._mean_cost))
        metrics = {
            "policy/loss": J,
            "policy/cost": mean_cost,
            "policy/cloning_loss": cloning_loss,
            "policy/gradient_norm": norm,
        }
        if losses.use_value:
            rollout = Rollout(*(tf.stop_gradient(values) for values in rollout))
            metrics |= self.update_value(
                tf.stop_gradient(cost), rollout, segment, cost_of_termination
            )
        return metrics

    def update_value(self, cost, rollout, segment, cost_of_termination):
        """One step of V towards its lambda-returns along a `Rollout` with a cost [T, batch]."""
        losses, restart = self.options.losses, self.options.updates.restart_segments
        targets = value_targets(
            self.networks.slow_value,
            cost,
            rollout,
            segment,
            discount=losses.discount,
            decay=losses.value_decay,
            cost_of_termination=cost_of_termination,
            restart=restart,
        )
        counted = segment.counted(restart)
        with tf.GradientTape() as tape:
            error = self.networks.value.estimates(rollout.observations) - targets[..., None]
            loss = tf.reduce_mean(counted[..., None] * error**2)
        norm = descend(tape, loss, self.networks.value, self.optimizers.value)
        follow(self.networks.slow_value, self.networks.value, 1.0 - losses.value_average_decay)
        return {
            "value/loss": loss,
            "value/gradient_norm": norm,
            "value/mean": segment.mean(targets, restart),
            "value/cost_of_termination": cost_of_termination,
        }

    def histograms(self, seed: int) -> dict[str, np.ndarray]:
        """Agent beside expert; see `histograms.compare`."""
        newest = 2000 // self.options.acting.num_envs
        agent, expert = (
            (segment.observation[0], segment.action[0])
            for segment in (
                self.replay.sample(1000, 1, [0, seed], newest),
                self.demonstrated.sample(1000, 1, [0, seed]),
            )
        )
        return compare(self.networks.discriminator, agent, expert)
