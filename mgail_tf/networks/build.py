"""Builds the encoders and networks that a set of options and an environment's spaces ask for."""

from __future__ import annotations

from typing import Any, TypeVar

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.networks.discriminator import Discriminator
from mgail_tf.networks.encoding import (
    BoxActionEncoder,
    DiscreteActionEncoder,
    ObservationEncoder,
    action_encoder,
)
from mgail_tf.networks.forward_model import (
    AdvancedForwardModel,
    BasicForwardModel,
    ForwardModel,
)
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy, Policy
from mgail_tf.networks.statistics import measure

AnyActionEncoder = BoxActionEncoder | DiscreteActionEncoder
Transitions = TypeVar("Transitions", bound=Any)


class Encoders(tf.Module):
    """The encoders of observations and of actions.

    Args:
      observations, actions: the two.
      space: of the observations before they were flattened, if it is known.
    """

    def __init__(
        self,
        observations: ObservationEncoder,
        actions: AnyActionEncoder,
        space: gymnasium.Space | None = None,
    ):
        super().__init__()
        self.observations, self.actions, self.space = observations, actions, space

    @classmethod
    def of(
        cls,
        observations: np.ndarray,
        actions: np.ndarray,
        action_space: gymnasium.Space,
        observation_limit: float,
        space: gymnasium.Space | None = None,
    ) -> Encoders:
        """Encoders that normalise by the statistics of demonstrations.

        Args:
          observations: [pairs, observation_size] in the float type that the environment's have.
          actions: [pairs, ...] as the environment received them.
          action_space: the environment's.
          observation_limit: bound on normalised observations.
          space: of the observations before they were flattened, if it is known.
        """
        observed = measure(observations)
        # Discrete actions have no components to measure.
        acted = measure(actions.reshape([len(actions), -1]))
        return cls(
            ObservationEncoder(
                observed.mean,
                observed.deviation,
                observation_limit,
                observations.dtype,
                observed.resolution,
            ),
            action_encoder(action_space, acted.mean, acted.deviation),
            space,
        )

    def encode(self, transitions: Transitions) -> Transitions:
        """A `Segment` of what happened in an environment as the networks see it."""
        return transitions._replace(
            observation=self.observations.encode(transitions.observation),
            action=self.actions.encode(transitions.action),
            next_observation=self.observations.encode(transitions.next_observation),
            terminated=tf.cast(transitions.terminated, tf.float32),
            ended=tf.cast(transitions.ended, tf.float32),
        )


def make_policy(
    actions: AnyActionEncoder,
    hidden: tuple[int, ...],
    *,
    noise_stddev: float | np.ndarray = 0.0,
    learn_noise: bool = False,
    temperature: float = 1.0,
    activation: str = "relu",
) -> Policy:
    """The policy for an action encoder, not yet built.

    Args:
      actions: the encoder.
      hidden: widths of the hidden layers.
      noise_stddev, learn_noise: of continuous actions; see `GaussianPolicy`.
      temperature: of discrete actions; see `CategoricalPolicy`.
      activation: of the hidden layers.
    """
    if isinstance(actions, DiscreteActionEncoder):
        return CategoricalPolicy(
            actions.parts.sizes, hidden, temperature=temperature, activation=activation
        )
    return GaussianPolicy(
        actions.size,
        hidden,
        noise_stddev,
        learn_stddev=learn_noise,
        low=actions.low,
        high=actions.high,
        executed=actions.executed,
        activation=activation,
    )


def make_discriminator(
    actions: AnyActionEncoder,
    hidden: tuple[int, ...],
    *,
    outputs_per_action: bool = False,
    activation: str = "relu",
) -> Discriminator:
    """The discriminator for an action encoder, not yet built.

    Args:
      actions: the encoder.
      hidden: widths of the hidden layers.
      outputs_per_action: whether discrete actions have outputs each; see `layers.PairNetwork`.
      activation: of the hidden layers.
    """
    num_actions = _num_actions(actions, outputs_per_action)
    return Discriminator(hidden, num_actions=num_actions, activation=activation)


def make_forward_model(
    kind: str,
    observation_size: int,
    actions: AnyActionEncoder,
    width: int,
    *,
    residual: bool = False,
    outputs_per_action: bool = False,
) -> ForwardModel:
    """The forward model for an action encoder, not yet built.

    Args:
      kind: "advanced" or "basic" (Fig. 4).
      observation_size: length of an observation.
      actions: the encoder.
      width: units of every layer.
      residual: whether it predicts the change of the observation.
      outputs_per_action: whether discrete actions have outputs each, in the basic model.
    """
    if kind == "advanced":
        return AdvancedForwardModel(observation_size, width, residual=residual)
    num_actions = _num_actions(actions, outputs_per_action)
    return BasicForwardModel(observation_size, width, num_actions=num_actions, residual=residual)


def _num_actions(actions: AnyActionEncoder, outputs_per_action: bool) -> int | None:
    return actions.size if actions.discrete and outputs_per_action else None
