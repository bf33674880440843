"""The authors' own loop: Algorithm 1 as their released program runs it.

The paper leaves most of this open. What is the authors' choice is marked "theirs", with its number
in the list that docs/method.md has of them; where we depart from it, "ours".
"""

from typing import NamedTuple, Protocol

import gymnasium
import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.authors_networks import AuthorsNetworks
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.data.transitions import TransitionReplay, Transitions
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks import encoding
from mgail_tf.networks.discriminator import AGENT, EXPERT, classification_loss, cross_entropy
from mgail_tf.networks.numpy_policy import NumpyPolicy

Metrics = dict[str, tf.Tensor]


class Environment(Protocol):
    """What the loop acts in; `envs.single.SingleEnvironment` is one."""

    observation: np.ndarray
    ended: bool

    def reset(self) -> np.ndarray: ...
    def reset_to(self, observation: np.ndarray) -> np.ndarray: ...
    def step(self, action: np.ndarray) -> tuple[np.ndarray, bool, bool]: ...


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


class Segments(NamedTuple):
    """Real steps of the policy, [policy_segments, segment_length, ...] unless it says otherwise.

    Attributes:
      observation: [policy_segments, observation_size] where each segment begins.
      next_observation: where each step led.
      noise: what was added to the policy's mean, or to its logits.
      policy_mask, discriminator_mask: dropout of their last hidden layers.
      alive: 1 for steps that were taken, 0 behind an episode's end.
    """

    observation: np.ndarray
    next_observation: np.ndarray
    noise: np.ndarray
    policy_mask: np.ndarray
    discriminator_mask: np.ndarray
    alive: np.ndarray


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


class AuthorsLoop(tf.Module):
    """The networks, the buffer, and the order in which they act and learn.

    What is drawn is a function of the seed and of how far the loop has come, and everything else
    is in variables; so a restored checkpoint goes on exactly.

    Args:
      options: `AuthorsOptions`.
      demonstrations: `Demonstrations`.
      action_space: the environment's.
      seed: of all that is drawn.
      compiled: whether updates are compiled by XLA, which takes some seconds once.

    Attributes:
      networks: `AuthorsNetworks`.
      deployed_policy: the policy as it is now.
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
    ) -> None:
        super().__init__()
        self.options, self._seed, self._space = options, seed, action_space
        observed, acted = demonstrations.observations, demonstrations.actions
        self.observations = encoding.Observations(observed.mean(0), observed.std(0), np.inf)
        self.actions = encoding.encode_actions(action_space, acted.mean(0), acted.std(0))
        self._starts = observed
        self._expert = [self.observations.encode(observed), self.actions.encode(acted)]
        self._sigma = self._segment_sigma = None
        if isinstance(self.actions, encoding.BoxActions):
            # Theirs (8): sigma is a part of the deviation of the demonstrated actions. Episodes
            # and pieces add it to the environment's actions; the policy's segments add the same
            # number to the normalised mean, so there it is smaller by that deviation once more.
            self._segment_sigma = np.float32(acted.std(0) / options.noise_divisor)
            self._sigma = self._segment_sigma / self.actions.stddev.numpy()
        sizes = self.observations.size, self.actions.size
        self.networks = AuthorsNetworks(options, sizes[0], self.actions, self._sigma, seed)
        self._policy_adam = _adam(self.networks.policy, options.policy_learning_rate)
        self._discriminator_adam = _adam(
            self.networks.discriminator, options.discriminator_learning_rate
        )
        self._forward_model_adam = _adam(
            self.networks.forward_model, options.forward_model_learning_rate
        )
        self._replay = TransitionReplay(options.replay_steps, *sizes)
        self._iteration = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._train_policy = tf.function(self.policy_iteration, jit_compile=compiled)
        self._train_discriminator = tf.function(self.discriminator_iteration, jit_compile=compiled)
        self.deployed_policy = DeployedPolicy(self.networks.policy, self.observations, self.actions)

    @property
    def steps_per_round(self) -> int:
        """Environment steps that the next call of `learn` takes, at most."""
        options = self.options
        if self._replay.stored < options.replay_steps:
            return options.episode_steps
        turn = turn_of(int(self._iteration), options)
        return (
            turn.policy * options.policy_segments * options.segment_length
            + turn.piece * options.piece_steps
            + turn.test * options.episode_steps
        )

    def learn(self, collector: Environment) -> Metrics:
        """One iteration; while the buffer is not full, an episode for it instead.

        Args:
          collector: the environment, the same for everything.

        Returns:
          Scalars by name; none while the buffer fills.
        """
        options, iteration, stored = self.options, int(self._iteration), self._replay.stored
        rng = np.random.default_rng([self._seed, iteration, stored])

        # Theirs (1): first, whole episodes of a policy that has not learned anything.
        if stored < options.replay_steps:
            collector.reset()
            self._push_steps(collector, *self._noise(rng, [options.episode_steps]))
            return {}

        # Theirs (2): the forward model learns in every iteration, and one of the other two.
        turn = turn_of(iteration, options)
        batch = self._replay.take(rng.integers(stored, size=options.batch_size))
        if turn.policy:
            # Theirs (3): these steps do not enter the buffer.
            metrics = self._train_policy(batch, self._act_in_segments(collector, rng))
        else:
            agent = self._replay.take(rng.integers(stored, size=options.batch_size))
            index = rng.integers(len(self._starts), size=options.batch_size)
            expert = [tf.gather(values, index) for values in self._expert]
            mask = self._mask(rng, [2 * options.batch_size], options.discriminator_hidden)
            metrics = self._train_discriminator(batch, expert, agent, mask)

        # Theirs (4): pieces near the expert, and whole episodes without noise and dropout.
        if turn.piece:
            collector.reset_to(rng.choice(self._starts))
            self._push_steps(collector, *self._noise(rng, [options.piece_steps]))
        if turn.test:
            collector.reset()
            self._push_steps(collector, *self._quiet(options.episode_steps))
        self._iteration.assign_add(1)
        return metrics

    # Acting: Algorithm 1, lines 3-6.

    def _push_steps(self, collector: Environment, noise: np.ndarray, masks: np.ndarray) -> None:
        self._replay.push(_act(self._numpy_policy(), collector, noise, masks))

    def _act_in_segments(self, collector: Environment, rng: np.random.Generator) -> Segments:
        """Acts for an update of the policy.

        Theirs (5): segments go on from wherever the environment stands, and from its initial
        distribution where an episode has ended. Ours: each begins in the environment's state;
        theirs are all given that of an update's first one, while the environment has moved on.
        """
        options, policy = self.options, self._numpy_policy()
        shape = [options.policy_segments, options.segment_length]
        noise, masks = self._noise(rng, shape, self._segment_sigma)
        judged = self._mask(rng, shape, options.discriminator_hidden)
        first = np.zeros([shape[0], self.observations.size], np.float32)
        following = np.zeros([*shape, self.observations.size], np.float32)
        alive = np.zeros(shape, np.float32)
        for index in range(options.policy_segments):
            if collector.ended:
                collector.reset()
            steps = _act(policy, collector, noise[index], masks[index])
            length = len(steps.action)
            first[index], following[index, :length] = steps.observation[0], steps.next_observation
            alive[index, :length] = 1.0
        return Segments(first, following, noise, masks, judged, alive)

    def _numpy_policy(self) -> NumpyPolicy:
        return NumpyPolicy(self.networks.policy, self.observations, self.actions, self._space)

    def _noise(
        self, rng: np.random.Generator, shape: list[int], sigma: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noise [*shape, action_size] and the policy's masks [*shape, width] of as many steps."""
        masks = self._mask(rng, shape, self.options.policy_hidden)
        size = [*shape, self.actions.size]
        if isinstance(self.actions, encoding.DiscreteActions):
            return rng.gumbel(size=size).astype(np.float32), masks
        sigma = self._sigma if sigma is None else sigma
        return sigma * rng.standard_normal(size, np.float32), masks

    def _quiet(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Noise and masks that change nothing."""
        ones = np.ones([steps, self.options.policy_hidden[-1]], np.float32)
        return np.zeros([steps, self.actions.size], np.float32), ones

    def _mask(
        self, rng: np.random.Generator, shape: list[int], hidden: tuple[int, ...]
    ) -> np.ndarray:
        """Theirs (6): dropout, [*shape, last width]; 0, or what keeps the mean at 1."""
        kept = rng.random([*shape, hidden[-1]], np.float32) >= self.options.dropout
        return kept.astype(np.float32) / np.float32(1.0 - self.options.dropout)

    # Learning: Algorithm 1, lines 7-14.

    def policy_iteration(self, batch: Transitions, segments: Segments) -> Metrics:
        """Updates the forward model, then the policy."""
        metrics = self._update_forward_model(batch)
        weights = self.networks.policy.trainable_variables
        costs, gradients = tf.vectorized_map(
            lambda segment: segment_gradient(self.networks, segment, self.options), segments
        )
        # Theirs (7): each segment's gradient is clipped before they are averaged.
        gradients = [tf.reduce_mean(gradient, 0) for gradient in gradients]
        self._policy_adam.apply(gradients, weights)
        return metrics | {
            "policy/loss": tf.reduce_mean(costs),
            "policy/gradient_norm": tf.linalg.global_norm(gradients),
        }

    def discriminator_iteration(
        self, batch: Transitions, expert: list[tf.Tensor], agent: Transitions, mask: tf.Tensor
    ) -> Metrics:
        """Updates the forward model, then the discriminator.

        Args:
          batch, agent: the agent's transitions [batch_size, ...].
          expert: observations and actions [batch_size, ...].
          mask: [2 * batch_size, width] the discriminator's dropout, the expert's pairs first.
        """
        metrics = self._update_forward_model(batch)
        weights = self.networks.discriminator.trainable_variables
        observations = tf.concat([expert[0], agent.observation], 0)
        actions = tf.concat([expert[1], agent.action], 0)
        with tf.GradientTape() as tape:
            logits = self.networks.judge(observations, actions, mask)
            of_expert, of_agent = tf.split(logits, 2)
            # Theirs: the mean is over both halves.
            loss = classification_loss(of_expert, of_agent, self.options.expert_weight) / 2.0
        gradients = tape.gradient(loss, weights)
        self._discriminator_adam.apply(decayed(gradients, weights, self.options), weights)
        return metrics | {
            "discriminator/loss": loss,
            "discriminator/accuracy_expert": _share(tf.argmax(of_expert, -1) == EXPERT),
            "discriminator/accuracy_agent": _share(tf.argmax(of_agent, -1) == AGENT),
            "discriminator/gradient_norm": tf.linalg.global_norm(gradients),
        }

    def _update_forward_model(self, batch: Transitions) -> Metrics:
        weights = self.networks.forward_model.trainable_variables
        with tf.GradientTape() as tape:
            foreseen = self.networks.foresee(batch.observation, batch.action)
            loss = tf.reduce_mean((foreseen - batch.next_observation) ** 2)
        gradients = tape.gradient(loss, weights)
        self._forward_model_adam.apply(gradients, weights)
        norm = tf.linalg.global_norm(gradients)
        return {"forward_model/loss": loss, "forward_model/gradient_norm": norm}


def _act(
    policy: NumpyPolicy, collector: Environment, noise: np.ndarray, masks: np.ndarray
) -> Transitions:
    """Acts with noises and masks [n, ...], until they or the episode end."""
    observations, actions = [policy.encode(collector.observation)], []
    for xi, mask in zip(noise, masks, strict=True):
        action, executed = policy.act(observations[-1], xi, mask)
        observation, _, ended = collector.step(executed)
        observations.append(policy.encode(observation))
        actions.append(action)
        if ended:
            break
    stacked = np.stack(observations)
    return Transitions(stacked[:-1], np.stack(actions), stacked[1:])


def segment_gradient(
    networks: AuthorsNetworks, segment: Segments, options: AuthorsOptions
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The gradient of one segment's J (Eq. 12-13).

    States have the environment's values and the forward model's derivatives (Eq. 11).

    Args:
      networks: whose policy the gradient is for.
      segment: one row of `Segments`.
      options: `AuthorsOptions`.

    Returns:
      The scaled J, a scalar; its gradient by the policy's weights, decayed and clipped.
    """
    weights = networks.policy.trainable_variables
    observation, cost = segment.observation[None], 0.0
    with tf.GradientTape() as tape:
        for step in range(options.segment_length):
            noise, mask = segment.noise[step, None], segment.policy_mask[step, None]
            action = networks.act(observation, noise, mask)
            # Theirs (6): dropout is active in the discriminator too.
            logits = networks.judge(observation, action, segment.discriminator_mask[step, None])
            weight = options.policy_cost_scale * options.discount**step * segment.alive[step]
            cost += weight * cross_entropy(logits, EXPERT)[0]
            foreseen = networks.foresee(observation, action)
            observation = segment.next_observation[step] + (foreseen - tf.stop_gradient(foreseen))
    gradients = decayed(tape.gradient(cost, weights), weights, options)
    bound = options.gradient_clip
    if bound:
        gradients = [tf.clip_by_value(gradient, -bound, bound) for gradient in gradients]
    return cost, gradients


def decayed(
    gradients: list[tf.Tensor], weights: list[keras.Variable], options: AuthorsOptions
) -> list[tf.Tensor]:
    """Gradients with those of the weight decay: theirs (7), of the matrices only."""
    return [
        gradient + options.weight_decay * weight if len(weight.shape) == 2 else gradient
        for gradient, weight in zip(gradients, weights, strict=True)
    ]


def _adam(network: keras.Model, learning_rate: float) -> keras.optimizers.Adam:
    adam = keras.optimizers.Adam(learning_rate, epsilon=1e-8)
    adam.build(network.trainable_variables)
    return adam


def _share(condition: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(condition, tf.float32))
