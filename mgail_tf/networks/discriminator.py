"""The discriminator D(s, a) = p(pi|s, a) (section 3.1)."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from mgail_tf.networks.layers import PairNetwork

EXPERT, AGENT = 0, 1

# A batch of observations [batch, observation_size] and of actions [batch, action_size].
Pair = tuple[tf.Tensor, tf.Tensor]


class Discriminator(keras.Model):
    """Two logits of a state-action pair: EXPERT, that it is the expert's, and AGENT.

    Trained on as many expert pairs as agent pairs, its softmax tends to the likelihood ratio of
    Eq. 8: D = 1 / (1 + phi * psi).

    Args:
      hidden, num_actions, activation: as in `layers.PairNetwork`.
    """

    def __init__(
        self, hidden: Sequence[int], *, num_actions: int | None = None, activation: str = "relu"
    ):
        super().__init__()
        self.logits = PairNetwork(hidden, 2, num_actions=num_actions, activation=activation)

    def call(self, observation: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """[..., observation_size], [..., action_size] -> [..., 2] logits."""
        return self.logits(observation, action)


def cross_entropy(logits: tf.Tensor, label: int) -> tf.Tensor:
    """The cross entropy of [..., 2] logits towards EXPERT or AGENT: [...].

    Towards EXPERT it is -log(1 - D), the policy's cost of a pair. Section 3.4's J sums D itself.
    The slope of D vanishes where the discriminator is sure that it sees the agent; this one's
    does not.
    """
    return -tf.nn.log_softmax(logits)[..., label]


def classification_loss(expert_logits: tf.Tensor, agent_logits: tf.Tensor) -> tf.Tensor:
    """The discriminator's loss on batches of the same size (Eq. 6): a scalar."""
    expert = tf.reduce_mean(cross_entropy(expert_logits, EXPERT))
    agent = tf.reduce_mean(cross_entropy(agent_logits, AGENT))
    return expert + agent


def log_odds(logits: tf.Tensor) -> tf.Tensor:
    """The logarithm of the odds that a pair is the expert's: [..., 2] -> [...]."""
    return logits[..., EXPERT] - logits[..., AGENT]


def gradient_penalty(
    discriminator: Discriminator, expert_pair: Pair, agent_pair: Pair, mixture: tf.Tensor
) -> tf.Tensor:
    """Mean of (|d log odds / d(s, a)| - 1)^2 between expert and agent pairs: a scalar.

    Not in the paper. The policy's gradient consists of the discriminator's Jacobian (Eq. 9). Where
    expert and agent are easily told apart, that Jacobian vanishes or is noise. The penalty keeps
    its norm near 1.

    Args:
      discriminator: the network.
      expert_pair, agent_pair: observations and actions, [batch, size] each.
      mixture: [batch, 1], where between the two each pair lies: 0 is the agent, 1 the expert.
    """
    pair = [mixture * e + (1.0 - mixture) * a for e, a in zip(expert_pair, agent_pair, strict=True)]
    with tf.GradientTape() as tape:
        tape.watch(pair)
        odds = log_odds(discriminator(*pair))
    slope = tf.concat(tape.gradient(odds, pair), -1)
    norm = tf.sqrt(tf.reduce_sum(slope**2, -1) + 1e-12)
    return tf.reduce_mean((norm - 1.0) ** 2)
