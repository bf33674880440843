"""Small learners for tests."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import sample_data
import segments

from mgail_tf import config as configs
from mgail_tf.algorithms.mgail import MGAIL
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.data.replay import Replay, Segment
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder

OBSERVATION, ACTION, NUM_ENVS, LENGTH = 3, 2, 2, 3
EXPERT_TERMINATION_RATE = 0.01
COST_OF_TERMINATION = 3.0
SMALL: dict[str, Any] = {
    "num_envs": NUM_ENVS,
    "segment_length": LENGTH,
    "policy_hidden": (6,),
    "discriminator_hidden": (6,),
    "value_hidden": (6,),
    "forward_model_width": 6,
    "policy_updates": 2,
    "discriminator_updates": 1,
    "forward_model_updates": 1,
    "policy_segments": 4,
    "batch_size": 8,
}


def make_mgail(rounds: int = 10, seed: int = 0, **settings: Any) -> MGAIL:
    """MGAIL with small networks.

    Args:
      rounds: how many the budget has.
      seed: the learner's.
      **settings: options.
    """
    settings = SMALL | settings
    steps = rounds * settings["num_envs"] * settings["segment_length"]
    options = configs.make("Swimmer-v5", total_steps=steps, **settings).learner
    assert isinstance(options, MGAILOptions)
    encoders = Encoders(
        ObservationEncoder(np.full(OBSERVATION, 0.5), np.full(OBSERVATION, 2.0), 10.0),
        action_encoder(gymnasium.spaces.Box(-9.0, 9.0, (ACTION,)), 0.1, 0.5),
    )
    demonstrated = Replay.of(
        sample_data.draw(30, OBSERVATION), encoders, options.acting.segment_length
    )
    return MGAIL(
        options,
        encoders,
        demonstrated,
        expert_termination_rate=EXPERT_TERMINATION_RATE,
        seed=seed,
        total_steps=steps,
    )


def draw_experience(seed: int = 0, **ends: Any) -> Segment:
    """What the environments give in a round: random numbers."""
    return segments.draw_segment(LENGTH, NUM_ENVS, OBSERVATION, ACTION, seed=seed, **ends)


def draw_batch(batch: int = 4, length: int = LENGTH, seed: int = 1, **ends: Any) -> Segment:
    """A batch of an update: random numbers."""
    return segments.draw_segment(length, batch, OBSERVATION, ACTION, seed=seed, **ends)


def copy(tensors: Sequence[Any]) -> list[np.ndarray]:
    """Weights or gradients as they are now."""
    return [np.array(tensor) for tensor in tensors]


def record_gradients(optimizer: Any) -> list[tuple[list, list]]:
    """What the optimizer is given from now on: a list of (gradients, variables)."""
    applied = []
    apply = optimizer.apply

    def record(gradients, variables):
        applied.append((copy(gradients), list(variables)))
        apply(gradients, variables)

    optimizer.apply = record
    return applied
