"""Behavioural cloning: the policy that gives demonstrated actions the highest likelihood."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.learner import Metrics
from mgail_tf.algorithms.updates import descend
from mgail_tf.data.replay import Replay
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.networks.build import Encoders, make_policy
from mgail_tf.networks.policy import Policy


class BehaviouralCloning(tf.Module):
    """Learns from a part of the demonstrated pairs, and stops when the others say so.

    A round is an epoch. Cloning is finished when the likelihood of the pairs that it does not learn
    from has not risen for `patience` epochs; the best policy by that likelihood is exported.

    Args:
      options: all of behavioural cloning's.
      encoders: of observations and actions.
      demonstrated: the demonstrations, as the networks see them.
      seed: of the split and of the order of the pairs.

    Attributes:
      deployed_policy: the best policy so far.
    """

    steps_per_round = 0

    def __init__(
        self, options: CloningOptions, encoders: Encoders, demonstrated: Replay, *, seed: int
    ):
        super().__init__()
        self._options, self._encoders, self._seed = options, encoders, seed
        observations, actions = demonstrated.pairs()
        order = np.random.default_rng(seed).permutation(len(observations))
        # At least one pair to learn from, and one to judge by; a single pair is both.
        split = int(np.clip(round(options.training_fraction * len(order)), 1, len(order) - 1 or 1))
        self._learned = tf.gather(observations, order[:split]), tf.gather(actions, order[:split])
        judged = order[split:] if split < len(order) else order
        self._judged = tf.gather(observations, judged), tf.gather(actions, judged)
        self.policy, self.best_policy = (
            make_policy(encoders.actions, options.policy_hidden, noise_stddev=1.0, learn_noise=True)
            for _ in range(2)
        )
        for policy in self.policy, self.best_policy:
            policy(observations[:1])
        self.best_policy.set_weights(self.policy.get_weights())
        self._optimizer = keras.optimizers.Adam(options.policy_learning_rate)
        self._optimizer.build(self.policy.trainable_variables)
        self._epoch, self._best_epoch = (
            tf.Variable(0, dtype=tf.int64, trainable=False) for _ in range(2)
        )
        self._best_likelihood = tf.Variable(-np.inf, dtype=tf.float32, trainable=False)
        self.deployed_policy = DeployedPolicy(
            self.best_policy, encoders.observations, encoders.actions, encoders.space
        )

    @property
    def policies(self) -> list[Policy]:
        """The policy, and the best one so far."""
        return [self.policy, self.best_policy]

    @property
    def finished(self) -> bool:
        """Whether the likelihood no longer rises."""
        epoch, options = int(self._epoch), self._options
        return epoch - int(self._best_epoch) >= options.patience or epoch >= options.max_epochs

    @property
    def weights(self) -> dict[str, list[Any]]:
        """Of the policy, and of the best one so far."""
        best = self.best_policy.trainable_variables
        return {"cloning": self.policy.trainable_variables, "best_policy": best}

    def evaluating(self) -> None:
        """Nothing: evaluations make no difference here."""

    def evaluated(self, distance: Distance) -> None:
        """Nothing, either."""

    def learn(self, collector: Any = None) -> Metrics:
        """An epoch: learns from every pair of its part once; needs no environment."""
        return self.run_epoch()

    @tf.function
    def run_epoch(self):
        """Makes a step for each batch, and keeps the policy if it is the best so far."""
        seed = tf.stack([tf.constant(self._seed, tf.int64), self._epoch])
        num_pairs = self._learned[0].shape[0]
        order = tf.random.experimental.stateless_shuffle(tf.range(num_pairs), seed)
        batch_size = min(self._options.batch_size, num_pairs)
        batches, norms = num_pairs // batch_size, 0.0
        for batch in tf.range(batches):
            chosen = order[batch * batch_size : (batch + 1) * batch_size]
            norms += self.update(*(tf.gather(values, chosen) for values in self._learned))
        self._epoch.assign_add(1)
        likelihood = tf.reduce_mean(self.policy.log_likelihood(*self._judged))
        if likelihood > self._best_likelihood:
            self._best_likelihood.assign(likelihood)
            self._best_epoch.assign(self._epoch)
            for best, weight in zip(self.best_policy.variables, self.policy.variables, strict=True):
                best.assign(weight)
        return {
            "cloning/log_likelihood": tf.reduce_mean(self.policy.log_likelihood(*self._learned)),
            "cloning/held_out_log_likelihood": likelihood,
            "cloning/explained": self.explained(),
            "cloning/gradient_norm": norms / tf.cast(batches, tf.float32),
        }

    def explained(self) -> tf.Tensor:
        """How much the observations tell of the actions, a scalar of at most 1.

        It is the part of the cloning loss that the best policy saves of the pairs that it does not
        learn from, against actions that do not depend on the observation. Nothing is saved where
        actions and observations do not belong together. It is 1 where all actions are the same.
        """
        loss = tf.reduce_mean(self.best_policy.cloning_loss(*self._judged))
        of_a_constant = self.best_policy.cloning_loss_of_a_constant(self._judged[1])
        return 1.0 - tf.math.divide_no_nan(loss, of_a_constant)

    def update(self, observation, action):
        """One step up the likelihood of demonstrated pairs [batch, size]: the gradient's norm."""
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self.policy.log_likelihood(observation, action))
        return descend(tape, loss, self.policy, self._optimizer)

    def histograms(self, seed: int) -> dict[str, Any]:
        """None: there is no agent's experience to compare."""
        return {}
