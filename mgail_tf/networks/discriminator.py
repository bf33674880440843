"""The discriminator D(s, a) = p(pi|s, a) (section 3.1)."""

import keras
import tensorflow as tf

from mgail_tf.networks.layers import PairNetwork

EXPERT, AGENT = 0, 1


class Discriminator(keras.Model):
    """Two logits, of "the expert's" and "the agent's", for a state-action pair.

    Trained on as many expert pairs as agent pairs, its softmax tends to the likelihood ratio of
    Eq. 8: D = 1 / (1 + phi * psi).

    Args:
      hidden, num_actions, dropout, weight_stddev: as in `networks.PairNetwork`.
    """

    def __init__(self, hidden, *, num_actions=None, dropout=0.0, weight_stddev=0.0):
        super().__init__()
        self.logits = PairNetwork(
            hidden, 2, num_actions=num_actions, dropout=dropout, weight_stddev=weight_stddev
        )

    def call(self, observation, action, training=False):
        """[..., observation_size], [..., action_size] -> [..., 2] logits."""
        return self.logits(observation, action, training=training)


def cross_entropy(logits, label):
    """Cross entropy of [..., 2] logits towards EXPERT or AGENT: [...].

    Towards EXPERT it is -log(1 - D), the policy's cost of a pair. Section 3.4's J sums D itself,
    whose slope vanishes where the agent is told apart for sure.
    """
    return -tf.nn.log_softmax(logits)[..., label]


def classification_loss(expert_logits, agent_logits, expert_weight=1.0):
    """The discriminator's loss on balanced batches (Eq. 6): a scalar."""
    expert = tf.reduce_mean(cross_entropy(expert_logits, EXPERT))
    agent = tf.reduce_mean(cross_entropy(agent_logits, AGENT))
    return expert_weight * expert + agent


def gradient_penalty(discriminator, expert_pair, agent_pair, mixture):
    """Mean of (|d logit / d(s, a)| - 1)^2 between expert and agent pairs: a scalar.

    Not in the paper. It keeps the discriminator's Jacobian, of which the policy's gradient
    consists (Eq. 9), of use where the two are easily told apart.

    Args:
      discriminator: the network.
      expert_pair, agent_pair: (observation, action), each [batch, size].
      mixture: [batch, 1] the place between them, from 0 (agent) to 1 (expert).
    """
    pair = [mixture * e + (1.0 - mixture) * a for e, a in zip(expert_pair, agent_pair, strict=True)]
    with tf.GradientTape() as tape:
        tape.watch(pair)
        logits = discriminator(*pair)
        logit = logits[..., EXPERT] - logits[..., AGENT]
    slope = tf.concat(tape.gradient(logit, pair), -1)
    norm = tf.sqrt(tf.reduce_sum(slope**2, -1) + 1e-12)
    return tf.reduce_mean((norm - 1.0) ** 2)
