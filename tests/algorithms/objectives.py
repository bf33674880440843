"""Small networks, segments of theirs, and the gradient of J."""

from collections.abc import Sequence
import functools
from typing import Any

import numpy as np
import segments
import tensorflow as tf

from mgail_tf.algorithms.objective import objective
from mgail_tf.data.replay import Segment
from mgail_tf.networks.discriminator import Discriminator
from mgail_tf.networks.forward_model import AdvancedForwardModel, BasicForwardModel
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy, Policy

LENGTH, OBSERVATION, ACTION, DISCOUNT, TEMPERATURE = 4, 3, 2, 0.9, 0.7
# The steps with which each segment's episodes end, and whether the task ended them.
NEVER: dict[int, bool] = {}
ENDS = (
    NEVER,
    {1: True},
    {LENGTH - 1: True},
    {1: False},
    {0: False, 2: True},
    {LENGTH - 1: False},
)
POLICIES = {
    "gaussian": lambda: GaussianPolicy(ACTION, [6], [0.3, 0.5]),
    "learned stddev": lambda: GaussianPolicy(ACTION, [6], [0.3, 0.5], learn_stddev=True),
    "categorical": lambda: CategoricalPolicy(ACTION, [6], temperature=TEMPERATURE),
}
# With how many steps of memory each forward model is used.
FORWARD_MODELS = {
    "basic": (lambda: BasicForwardModel(OBSERVATION, 8), 1),
    "residual": (lambda: BasicForwardModel(OBSERVATION, 8, residual=True), None),
    "advanced": (lambda: AdvancedForwardModel(OBSERVATION, 8), 1),
    "advanced, remembers 2": (lambda: AdvancedForwardModel(OBSERVATION, 8), 2),
    "advanced, remembers all": (lambda: AdvancedForwardModel(OBSERVATION, 8), None),
}
RESTARTS = {"up to an end": False, "restarting": True}


def draw_segment(
    policy: Policy,
    ends: Sequence[dict[int, bool]] = ENDS,
    dtype: Any = np.float64,
    length: int = LENGTH,
) -> Segment:
    """Random states, one the next one's predecessor unless an episode ended between the two.

    The policy acts in them.
    """
    rng = np.random.default_rng(1)
    shape = (length, len(ends))
    observation = rng.normal(size=(*shape, OBSERVATION))
    terminated, ended = np.zeros([2, *shape])
    for index, steps in enumerate(ends):
        for step, by_the_task in steps.items():
            if step < length:
                ended[step, index], terminated[step, index] = 1.0, by_the_task
    following = np.concatenate([observation[1:], rng.normal(size=(1, *shape[1:], OBSERVATION))])
    elsewhere = rng.normal(size=following.shape)
    following = np.where(ended[..., None] == 1.0, elsewhere, following)
    noise = policy.noise.sample((*shape, ACTION), seed=[0, 1]).numpy()
    action = np.array(
        [policy.sample(*step) for step in zip(observation.astype(dtype), noise, strict=True)]
    )
    return segments.constant(observation, action, noise, following, terminated, ended, dtype=dtype)


def build_anew(
    policy_name: str, forward_model_name: str = "advanced", dtype: Any = np.float64
) -> tuple[tuple[Any, ...], int | None]:
    """Networks with random weights and a segment of theirs; and the forward model's history."""
    policy = POLICIES[policy_name]()
    make_forward_model, history = FORWARD_MODELS[forward_model_name]
    segment = draw_segment(policy, dtype=dtype, length=1)
    networks = policy, Discriminator([8]), make_forward_model()
    # One step creates the weights.
    objective(*networks, segment, DISCOUNT)
    rng = np.random.default_rng(2)
    for network in networks:  # Larger than the initial ones; and no bias is 0.
        network.set_weights([rng.normal(size=w.shape, scale=0.6) for w in network.get_weights()])
    return (*networks, draw_segment(policy, dtype=dtype)), history


# For tests that leave the weights as they are: networks take longer to build than to differentiate.
build = functools.cache(build_anew)


def differentiate(
    policy: Policy, *networks_and_segment: Any, **options: Any
) -> tuple[Any, np.ndarray]:
    """J, and its gradient by the policy's weights in a row."""
    with tf.GradientTape() as tape:
        J, _, _ = objective(policy, *networks_and_segment, discount=DISCOUNT, **options)
    return J.numpy(), flatten(tape.gradient(J, policy.trainable_variables))


def flatten(gradient: Sequence[Any]) -> np.ndarray:
    """The derivatives by all weights in a row."""
    return np.concatenate([np.ravel(part) for part in gradient])


def distance(gradient: np.ndarray, expected: np.ndarray) -> float:
    """How far a gradient is from the expected one, in lengths of that."""
    return float(np.linalg.norm(gradient - expected) / np.linalg.norm(expected))
