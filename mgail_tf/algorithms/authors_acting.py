"""How the authors' agent acts: Algorithm 1, lines 3-6; with all that it draws on the way."""

from typing import Protocol

import gymnasium
import numpy as np

from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.authors_updates import Segments
from mgail_tf.data.transitions import Transitions
from mgail_tf.networks.encoding import BoxActionEncoder, DiscreteActionEncoder, ObservationEncoder
from mgail_tf.networks.numpy_policy import NumpyPolicy
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy


class Environment(Protocol):
    """What it acts in; `envs.single.SingleEnvironment` is one."""

    observation: np.ndarray
    ended: bool

    def reset(self) -> np.ndarray: ...
    def reset_to(self, observation: np.ndarray) -> np.ndarray: ...
    def step(self, action: np.ndarray) -> tuple[np.ndarray | None, bool, bool]: ...


class Actor:
    """Acts with a policy's weights as they are.

    Args:
      options: `AuthorsOptions`.
      observations, actions: the encodings.
      space: the environment's action space.
      deviation: [action_size] standard deviation of the demonstrated actions; for continuous ones.

    Attributes:
      sigma: [action_size] the noise of whole episodes and pieces, normalised; None for discrete
        actions, whose noise is Gumbel's.
    """

    def __init__(
        self,
        options: AuthorsOptions,
        observations: ObservationEncoder,
        actions: BoxActionEncoder | DiscreteActionEncoder,
        space: gymnasium.Space,
        deviation: np.ndarray,
    ) -> None:
        self._options, self._encodings = options, (observations, actions, space)
        self._sizes = observations.size, actions.size
        self.sigma: np.ndarray | None = None
        self._segment_sigma: np.ndarray | None = None
        if isinstance(actions, BoxActionEncoder):
            # Theirs (8): whole episodes and pieces add noise of this deviation to the environment's
            # actions. The policy's segments add the same to the normalised mean, so there it is
            # smaller by the deviation of the demonstrated actions once more. Ours: that deviation
            # is in units of half the bounds' distance; in their tasks these are 1.
            sigma = np.asarray(deviation / options.noise_divisor, np.float32)
            unit = np.where(np.isfinite(actions.half_range), actions.half_range, np.float32(1.0))
            self._segment_sigma = sigma / unit
            self.sigma = sigma / actions.stddev.numpy()

    def act(
        self,
        policy: GaussianPolicy | CategoricalPolicy,
        collector: Environment,
        steps: int,
        rng: np.random.Generator | None,
    ) -> Transitions:
        """Acts from where the environment stands to the episode's end, or for so many steps.

        Args:
          policy: the network.
          collector: the environment.
          steps: number of steps, at most.
          rng: what noise and dropout are drawn from; neither acts if None.

        Returns:
          What happened; the observations are the environment's, not encoded.
        """
        if rng is None:
            noise = np.zeros([steps, self._sizes[1]], np.float32)
            masks = np.ones([steps, self._options.policy_hidden[-1]], np.float32)
        else:
            noise = self._noise(rng, [steps], self.sigma)
            masks = self.mask(rng, [steps], self._options.policy_hidden)
        return _act(NumpyPolicy(policy, *self._encodings), collector, noise, masks)

    def act_in_segments(
        self,
        policy: GaussianPolicy | CategoricalPolicy,
        collector: Environment,
        rng: np.random.Generator,
    ) -> Segments:
        """Acts for an update of the policy; arguments as of `act`.

        Theirs (5): segments go on from wherever the environment stands, and from its initial
        distribution where an episode has ended. Ours: each begins in the environment's state;
        theirs are all given that of an update's first one, while the environment has moved on.
        """
        options, now = self._options, NumpyPolicy(policy, *self._encodings)
        shape = [options.policy_segments, options.segment_length]
        noise = self._noise(rng, shape, self._segment_sigma)
        masks = self.mask(rng, shape, options.policy_hidden)
        discriminator_mask = self.mask(rng, shape, options.discriminator_hidden)
        first = np.zeros([shape[0], self._sizes[0]], np.float32)
        next_observation = np.zeros([*shape, self._sizes[0]], np.float32)
        alive = np.zeros(shape, np.float32)
        for index in range(options.policy_segments):
            if collector.ended:
                collector.reset()
            steps = _act(now, collector, noise[index], masks[index])
            length = len(steps.action)
            first[index] = now.encode(steps.observation[0])
            next_observation[index, :length] = now.encode(steps.next_observation)
            alive[index, :length] = 1.0
        return Segments(first, next_observation, noise, masks, discriminator_mask, alive)

    def mask(
        self, rng: np.random.Generator, shape: list[int], hidden: tuple[int, ...]
    ) -> np.ndarray:
        """Theirs (6): dropout's factors [*shape, last width], 0 or what keeps their mean at 1."""
        kept = rng.random([*shape, hidden[-1]], np.float32) >= self._options.dropout
        return kept / np.float32(1.0 - self._options.dropout)

    def _noise(
        self, rng: np.random.Generator, shape: list[int], sigma: np.ndarray | None
    ) -> np.ndarray:
        size = [*shape, self._sizes[1]]
        if sigma is None:
            return rng.gumbel(size=size).astype(np.float32)
        return sigma * rng.standard_normal(size, np.float32)


def _act(
    policy: NumpyPolicy, collector: Environment, noise: np.ndarray, masks: np.ndarray
) -> Transitions:
    observations, actions = [collector.observation], []
    for xi, mask in zip(noise, masks, strict=True):
        action, executed = policy.act(policy.encode(observations[-1]), xi, mask)
        observation, _, ended = collector.step(executed)
        if observation is None:
            break  # The simulator has diverged; what came before counts.
        observations.append(observation)
        actions.append(action)
        if ended:
            break
    if not actions:
        collector.reset()
        return _act(policy, collector, noise, masks)
    path = np.stack(observations)
    return Transitions(path[:-1], np.stack(actions), path[1:])
