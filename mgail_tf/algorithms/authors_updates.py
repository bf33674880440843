"""How the authors' three networks learn: Algorithm 1, lines 7-14.

Each update is a function of what it is given: networks, their optimiser, what was drawn.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.authors_networks import AuthorsNetworks
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.updates import fraction
from mgail_tf.data.transitions import Transitions
from mgail_tf.networks.discriminator import AGENT, EXPERT, cross_entropy

Metrics = dict[str, tf.Tensor]
Array = np.ndarray | tf.Tensor


class Segments(NamedTuple):
    """Real steps of the policy, [policy_segments, segment_length, ...] unless it says otherwise.

    Attributes:
      observation: [policy_segments, observation_size] where each segment begins.
      next_observation: where each step led.
      noise: what was added to the policy's mean, or to its logits.
      policy_mask, discriminator_mask: dropout of their last hidden layers.
      alive: 1 for steps that were taken, 0 behind an episode's end.
    """

    observation: Array
    next_observation: Array
    noise: Array
    policy_mask: Array
    discriminator_mask: Array
    alive: Array


def adam(network: keras.Model, learning_rate: float) -> keras.optimizers.Adam:
    """An optimiser of a network's weights, with epsilon as TensorFlow's first one had it."""
    optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)
    optimizer.build(network.trainable_variables)
    return optimizer


def update_forward_model(
    networks: AuthorsNetworks, optimizer: keras.optimizers.Adam, batch: Transitions
) -> Metrics:
    """One step of the forward model down its squared error on a batch of the agent's steps.

    Theirs: it predicts the next state itself, not the change.
    """
    weights = networks.forward_model.trainable_variables
    with tf.GradientTape() as tape:
        predicted = networks.predict(batch.observation, batch.action)
        loss = tf.reduce_mean((predicted - batch.next_observation) ** 2)
    gradients = tape.gradient(loss, weights)
    optimizer.apply(gradients, weights)
    norm = tf.linalg.global_norm(gradients)
    return {"forward_model/loss": loss, "forward_model/gradient_norm": norm}


def update_discriminator(
    networks: AuthorsNetworks,
    optimizer: keras.optimizers.Adam,
    expert: Transitions,
    agent: Transitions,
    mask: Array,
    options: AuthorsOptions,
) -> Metrics:
    """One step of the discriminator down its cross entropy (Eq. 6).

    Args:
      networks, optimizer: the networks, and the discriminator's optimiser.
      expert, agent: [batch_size, ...] what each did.
      mask: [2 * batch_size, width] dropout, the expert's pairs first.
      options: `AuthorsOptions`.
    """
    weights = networks.discriminator.trainable_variables
    observation = tf.concat([expert.observation, agent.observation], 0)
    action = tf.concat([expert.action, agent.action], 0)
    with tf.GradientTape() as tape:
        expert_logits, agent_logits = tf.split(networks.classify(observation, action, mask), 2)
        # Theirs: a mean over both halves, in which the expert's pairs weigh less.
        expert_loss = options.expert_weight * tf.reduce_mean(cross_entropy(expert_logits, EXPERT))
        loss = (expert_loss + tf.reduce_mean(cross_entropy(agent_logits, AGENT))) / 2.0
    gradients = decayed(tape.gradient(loss, weights), weights, options)
    optimizer.apply(gradients, weights)
    return {
        "discriminator/loss": loss,
        "discriminator/accuracy_expert": fraction(tf.argmax(expert_logits, -1) == EXPERT),
        "discriminator/accuracy_agent": fraction(tf.argmax(agent_logits, -1) == AGENT),
        "discriminator/gradient_norm": tf.linalg.global_norm(gradients),
    }


def update_policy(
    networks: AuthorsNetworks,
    optimizer: keras.optimizers.Adam,
    segments: Segments,
    options: AuthorsOptions,
) -> Metrics:
    """One step of the policy down the mean gradient of its segments.

    Theirs (7): each segment's gradient is clipped before they are averaged.
    """
    costs, gradients = tf.vectorized_map(
        lambda segment: segment_gradient(networks, segment, options), segments
    )
    gradients = [tf.reduce_mean(gradient, 0) for gradient in gradients]
    optimizer.apply(gradients, networks.policy.trainable_variables)
    return {
        "policy/loss": tf.reduce_mean(costs),
        "policy/gradient_norm": tf.linalg.global_norm(gradients),
    }


def segment_gradient(
    networks: AuthorsNetworks, segment: Segments, options: AuthorsOptions
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The gradient of one segment's J (Eq. 12-13).

    Values of the states are the environment's, derivatives the forward model's (Eq. 11).

    Args:
      networks: the networks; the gradient is by the policy's weights.
      segment: one row of `Segments`.
      options: `AuthorsOptions`.

    Returns:
      J, a scalar, scaled; and its gradient, decayed and clipped.
    """
    weights = networks.policy.trainable_variables
    observation, cost = segment.observation[None], 0.0
    with tf.GradientTape() as tape:
        for step in range(options.segment_length):
            noise, mask = segment.noise[step, None], segment.policy_mask[step, None]
            action = networks.act(observation, noise, mask)
            # Theirs (6): dropout is active in the discriminator too.
            logits = networks.classify(observation, action, segment.discriminator_mask[step, None])
            weight = options.policy_cost_scale * options.discount**step * segment.alive[step]
            cost += weight * cross_entropy(logits, EXPERT)[0]
            predicted = networks.predict(observation, action)
            observation = segment.next_observation[step] + (predicted - tf.stop_gradient(predicted))
    gradients = decayed(tape.gradient(cost, weights), weights, options)
    if bound := options.gradient_clip:
        gradients = [tf.clip_by_value(gradient, -bound, bound) for gradient in gradients]
    return cost, gradients


def decayed(
    gradients: list[tf.Tensor], weights: list[keras.Variable], options: AuthorsOptions
) -> list[tf.Tensor]:
    """Gradients with those of the weight decay added: theirs (7), of matrices only."""
    return [
        gradient + options.weight_decay * weight if len(weight.shape) == 2 else gradient
        for gradient, weight in zip(gradients, weights, strict=True)
    ]
