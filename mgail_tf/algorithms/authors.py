"""The authors' own loop: Algorithm 1 as their released program runs it.

The paper leaves most of this open. What the authors chose is marked "theirs" here and in the files
beside this one (options, networks, updates), where we depart from them "ours".
"""

from typing import Any, NamedTuple

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms import authors_updates as updates
from mgail_tf.algorithms.authors_acting import Actor, Environment
from mgail_tf.algorithms.authors_networks import AuthorsNetworks
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.experience import remember
from mgail_tf.algorithms.histograms import compare
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.data.transitions import TransitionReplay, Transitions
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.policy import Policy
from mgail_tf.networks.statistics import measure


class Turn(NamedTuple):
    """What happens in an iteration besides an update of the forward model.

    Attributes:
      policy: the policy is updated, else the discriminator.
      piece: a piece of experience from a demonstrated state on enters the buffer.
      test: a whole episode without noise enters it.
    """

    policy: bool
    piece: bool
    test: bool


def turn_of(iteration: int, options: AuthorsOptions) -> Turn:
    """What happens in an iteration, counted from 0.

    Theirs (2): turns change *after* the iterations that are multiples of their length. With their
    numbers the policy is updated once after the preparation, then it is the discriminator's turn.
    """
    prepared = iteration - options.preparation_iterations
    turns = -(-prepared // options.turn_iterations)
    return Turn(
        policy=prepared >= 0 and turns % 2 == 0,
        piece=prepared >= 0 and iteration % options.piece_interval == 0,
        test=iteration % options.test_interval == 0,
    )


class Progress(tf.train.experimental.PythonState):
    """How many iterations there have been, for checkpoints."""

    def __init__(self) -> None:
        self.iteration = 0

    def serialize(self) -> str:
        return str(self.iteration)

    def deserialize(self, string_value: bytes) -> None:
        self.iteration = int(string_value)


class AuthorsLoop(tf.Module):
    """The networks, the buffer, and the order in which they act and learn.

    What is drawn is a function of the seed and of how far the loop has come, and everything else
    is held by checkpoints; so a restored one goes on exactly.

    Args:
      options: `AuthorsOptions`.
      demonstrations: `Demonstrations`.
      action_space: the environment's.
      seed: of all that is drawn.
      compiled: whether updates are compiled by XLA, which takes some seconds once.
      observation_space: of the observations before they were flattened, if it is known.

    Attributes:
      networks: `AuthorsNetworks`.
      deployed_policy: the policy as it is now.
      update_with_policy, update_with_discriminator: update the forward model and one other network.
      finished: whether there is nothing left to learn; never.
    """

    finished = False

    def __init__(
        self,
        options: AuthorsOptions,
        demonstrations: Demonstrations,
        action_space: gymnasium.Space,
        seed: int,
        compiled: bool = True,
        observation_space: gymnasium.Space | None = None,
    ) -> None:
        super().__init__()
        self.options, self._seed = options, seed
        observed, acted = demonstrations.observations, demonstrations.actions
        encoders = Encoders.of(observed, acted, action_space, observation_limit=np.inf)
        self.observations, self.actions = encoders.observations, encoders.actions
        self._starts = observed
        self._expert = Transitions(
            self.observations.encode(observed).numpy(),
            self.actions.encode(acted).numpy(),
            self.observations.encode(demonstrations.next_observations).numpy(),
        )
        sizes = self.observations.size, self.actions.size
        self._replay = TransitionReplay(options.replay_steps, *sizes)
        self._progress = Progress()
        deviation = measure(acted.reshape([len(acted), -1])).deviation
        self._actor = Actor(options, self.observations, self.actions, action_space, deviation)
        self.networks = AuthorsNetworks(options, sizes[0], self.actions, self._actor.sigma, seed)
        self._policy_adam = updates.adam(self.networks.policy, options.policy_learning_rate)
        self._discriminator_adam = updates.adam(
            self.networks.discriminator, options.discriminator_learning_rate
        )
        self._forward_model_adam = updates.adam(
            self.networks.forward_model, options.forward_model_learning_rate
        )
        # Without autograph, which would take seconds to translate what has no loops.
        self.update_with_policy = tf.function(
            self._with_policy, jit_compile=compiled, autograph=False
        )
        self.update_with_discriminator = tf.function(
            self._with_discriminator, jit_compile=compiled, autograph=False
        )
        self.deployed_policy = DeployedPolicy(
            self.networks.policy, self.observations, self.actions, observation_space
        )

    @property
    def steps_per_round(self) -> int:
        """Environment steps that the next call of `learn` takes, at most."""
        options = self.options
        if self._replay.stored < options.replay_steps:
            return options.episode_steps
        turn = turn_of(self._progress.iteration, options)
        return (
            turn.policy * options.policy_segments * options.segment_length
            + turn.piece * options.piece_steps
            + turn.test * options.episode_steps
        )

    @property
    def policies(self) -> list[Policy]:
        """The policy."""
        return [self.networks.policy]

    @property
    def weights(self) -> dict[str, list[Any]]:
        """Of all networks, by name."""
        names = "policy", "discriminator", "forward_model"
        return {name: getattr(self.networks, name).trainable_variables for name in names}

    def evaluating(self) -> None:
        """Nothing: evaluations make no difference here."""

    def evaluated(self, distance: Distance) -> None:
        """Nothing, either."""

    def learn(self, collector: Environment) -> updates.Metrics:
        """One iteration; while the buffer is not full, an episode for it instead.

        Args:
          collector: the environment, the same for everything.

        Returns:
          Scalars by name; none while the buffer fills.
        """
        options, iteration, stored = self.options, self._progress.iteration, self._replay.stored
        rng = np.random.default_rng([self._seed, iteration, stored])
        policy, actor = self.networks.policy, self._actor

        # Theirs (1): first, whole episodes of a policy that has not learned anything.
        if stored < options.replay_steps:
            collector.reset()
            self._remember(actor.act(policy, collector, options.episode_steps, rng))
            return {}

        # Theirs (2): the forward model learns in every iteration, and one of the other two.
        turn = turn_of(iteration, options)
        batch = self._replay.sample(options.batch_size, rng)
        if turn.policy:
            # Theirs (3): these steps do not enter the buffer.
            segments = actor.act_in_segments(policy, collector, rng)
            metrics = self.update_with_policy(batch, segments)
        else:
            agent = self._replay.sample(options.batch_size, rng)
            expert = self._expert.sample(options.batch_size, rng)
            mask = actor.mask(rng, [2 * options.batch_size], options.discriminator_hidden)
            metrics = self.update_with_discriminator(batch, expert, agent, mask)

        # What the environment fails to do below is left out when a run is resumed.
        self._progress.iteration += 1
        # Theirs (4): pieces near the expert, and whole episodes without noise and dropout.
        if turn.piece:
            collector.reset_to(rng.choice(self._starts))
            self._remember(actor.act(policy, collector, options.piece_steps, rng))
        if turn.test:
            collector.reset()
            self._remember(actor.act(policy, collector, options.episode_steps, None))
        return metrics

    def histograms(self, seed: int) -> dict[str, np.ndarray]:
        """Agent beside expert; see `histograms.compare`."""
        rng = np.random.default_rng([self._seed, seed])
        agent, expert = self._replay.sample(1000, rng), self._expert.sample(1000, rng)
        pairs = ((side.observation, side.action) for side in (agent, expert))
        return compare(self.networks.discriminator, *pairs)

    def _remember(self, seen: Transitions) -> None:
        """Puts what the environment gave into the buffer, as the networks see it."""
        remember(self._replay, seen, self.observations, self._encode)

    def _encode(self, seen: Transitions) -> Transitions:
        """Encodes the observations; the actor's actions are the networks' already."""
        return seen._replace(
            observation=self.observations.encode(seen.observation).numpy(),
            next_observation=self.observations.encode(seen.next_observation).numpy(),
        )

    def _with_policy(self, batch: Transitions, segments: updates.Segments) -> updates.Metrics:
        return updates.update_forward_model(
            self.networks, self._forward_model_adam, batch
        ) | updates.update_policy(self.networks, self._policy_adam, segments, self.options)

    def _with_discriminator(
        self, batch: Transitions, expert: Transitions, agent: Transitions, mask: tf.Tensor
    ) -> updates.Metrics:
        return updates.update_forward_model(
            self.networks, self._forward_model_adam, batch
        ) | updates.update_discriminator(
            self.networks, self._discriminator_adam, expert, agent, mask, self.options
        )
