"""The learner: the networks, their optimisers and their update steps (Algorithm 1)."""

import keras
import tensorflow as tf

from mgail_tf.algorithms.objective import Path, objective
from mgail_tf.algorithms.returns import termination_cost, value_targets
from mgail_tf.data.replay import Segment
from mgail_tf.networks.build import make_discriminator, make_forward_model, make_policy
from mgail_tf.networks.discriminator import AGENT, EXPERT, classification_loss, gradient_penalty
from mgail_tf.networks.forward_model import prediction_loss
from mgail_tf.networks.policy import GaussianPolicy
from mgail_tf.networks.value import Value


class MGAIL(tf.Module):
    """Policy, discriminator and forward model, and how each of them learns.

    Args:
      config: `config.Config`.
      actions: the action encoding.
      observation_size: length of an observation.
      expert_termination_rate: terminations per demonstrated step, more than 0.
      total_rounds: number of calls of `update` over which the learning rates and the noise fall.
    """

    def __init__(
        self,
        config,
        actions,
        observation_size,
        expert_termination_rate,
        total_rounds,
    ):
        super().__init__()
        self.config = config
        self._expert_termination_rate = expert_termination_rate
        self._generator = tf.random.Generator.from_seed(config.seed)
        self.policy = make_policy(config, actions)
        self.average_policy = make_policy(config, actions)
        self.discriminator = make_discriminator(config, actions)
        self.forward_model = make_forward_model(config, observation_size, actions)
        self.value = Value(config.value_hidden, weight_stddev=config.weight_stddev)
        self.slow_value = Value(config.value_hidden, weight_stddev=config.weight_stddev)
        observation, action = tf.zeros([1, observation_size]), tf.zeros([1, actions.size])
        self.policy(observation)
        self.average_policy(observation)
        self.discriminator(observation, action)
        self.forward_model(observation, action, self.forward_model.initial_memory(1))
        self.value(observation)
        self.slow_value(observation)
        self.average_policy.set_weights(self.policy.get_weights())
        self.slow_value.set_weights(self.value.get_weights())

        def falling(initial, updates, final_share):
            return keras.optimizers.schedules.PolynomialDecay(
                initial, total_rounds * updates, initial * final_share
            )

        def optimizer(model, learning_rate, updates):
            schedule = falling(learning_rate, updates, config.final_learning_rate)
            adam = keras.optimizers.Adam(schedule, clipvalue=config.gradient_clip or None)
            adam.build(model.trainable_variables)
            return adam

        self.policy_optimizer = optimizer(
            self.policy, config.policy_learning_rate, config.policy_updates
        )
        self._noise_share = falling(1.0, config.policy_updates, config.final_noise)
        self.value_optimizer = optimizer(
            self.value, config.value_learning_rate, config.policy_updates
        )
        self.discriminator_optimizer = optimizer(
            self.discriminator, config.discriminator_learning_rate, config.discriminator_updates
        )
        self.forward_model_optimizer = optimizer(
            self.forward_model, config.forward_model_learning_rate, config.forward_model_updates
        )

    def update(self, replay, demonstrated, with_discriminator=True, with_policy=True):
        """One round of updates of the networks: Algorithm 1, lines 7-14.

        Args:
          replay: the experience buffer B.
          demonstrated: the demonstrations, a `Replay` too; their noise is not used.
          with_discriminator, with_policy: whether these take part.

        Returns:
          A dict of scalars, the means over the round's updates.
        """
        config = self.config
        cost_of_termination = termination_cost(
            replay.termination_rate(), self._expert_termination_rate
        )

        def forward_model():
            history = config.forward_model_history
            return self.update_forward_model(
                self._sample(replay, demonstrated, config.batch_size // history, history)
            )

        def discriminator():
            expert = demonstrated.sample(config.batch_size, 1, self._seed())
            agent = self._act_anew(self._sample(replay, demonstrated, config.batch_size, 1))
            return self.update_discriminator(
                (expert.observation[0], expert.action[0]), (agent.observation[0], agent.action[0])
            )

        def policy():
            segment = self._sample(
                replay,
                demonstrated,
                config.policy_segments,
                config.segment_length,
                newest=config.policy_replay_steps // config.num_envs,
            )
            return self.update_policy(segment, cost_of_termination)

        metrics = _repeat(forward_model, config.forward_model_updates)
        if with_discriminator:
            metrics |= _repeat(discriminator, config.discriminator_updates)
        if with_policy:
            metrics |= _repeat(policy, config.policy_updates)
            self._lower_noise()
        return metrics

    def _lower_noise(self):
        if isinstance(self.policy, GaussianPolicy):
            share = self._noise_share(self.policy_optimizer.iterations)
            self.policy.noise_share.assign(share)
            self.average_policy.noise_share.assign(share)

    def _seed(self):
        return self._generator.uniform([2], minval=None, dtype=tf.int32)

    def _sample(self, replay, demonstrated, batch_size, length, newest=None):
        """Draws segments of the agent, and a share of them, the last, where the expert has been.

        Args:
          replay, demonstrated: as in `update`.
          batch_size, length, newest: as in `Replay.sample`.

        Returns:
          A `Segment` [length, batch_size, ...]; demonstrated ones come with noise for the agent.
        """
        there = self._demonstrated_among(batch_size)
        segment = replay.sample(batch_size - there, length, self._seed(), newest)
        if not there:
            return segment
        other = demonstrated.sample(there, length, self._seed())
        other = other._replace(noise=self.policy.noise.sample(other.noise.shape, seed=self._seed()))
        return Segment(*(tf.concat(pair, 1) for pair in zip(segment, other, strict=True)))

    def _demonstrated_among(self, batch_size):
        return round(self.config.demonstrated_share * batch_size)

    def _act_anew(self, segment):
        """What `_sample` drew, with the actions that the policy takes now, of the same noise.

        Without the option `act_anew` those of the replayed segments stay as they were.
        """
        batch_size = segment.action.shape[1]
        first = 0 if self.config.act_anew else batch_size - self._demonstrated_among(batch_size)
        action = self.policy.sample(segment.observation[:, first:], segment.noise[:, first:])
        return segment._replace(action=tf.concat([segment.action[:, :first], action], 1))

    @tf.function
    def update_forward_model(self, segment):
        """One step on the one-step prediction error of a `Segment` [history, batch, ...]."""
        with tf.GradientTape() as tape:
            loss = prediction_loss(self.forward_model, segment)
        norm = self._apply(tape, loss, self.forward_model, self.forward_model_optimizer)
        return {"forward_model/loss": loss, "forward_model/gradient_norm": norm}

    @tf.function
    def update_discriminator(self, expert_pair, agent_pair):
        """One step on the cross entropy (Eq. 6) of (observation, action) pairs [batch, size]."""
        with tf.GradientTape() as tape:
            expert = self.discriminator(*expert_pair, training=True)
            agent = self.discriminator(*agent_pair, training=True)
            loss = classification_loss(expert, agent, self.config.expert_weight)
            mixture = self._generator.uniform([expert.shape[0], 1])
            penalty = gradient_penalty(self.discriminator, expert_pair, agent_pair, mixture)
            total = loss + self.config.gradient_penalty * penalty
        norm = self._apply(tape, total, self.discriminator, self.discriminator_optimizer)
        verdicts = tf.argmax([expert, agent], -1)
        return {
            "discriminator/loss": loss,
            "discriminator/gradient_penalty": penalty,
            "discriminator/accuracy_expert": _share(verdicts[0] == EXPERT),
            "discriminator/accuracy_agent": _share(verdicts[1] == AGENT),
            "discriminator/gradient_norm": norm,
        }

    @tf.function
    def update_policy(self, segment, cost_of_termination):
        """One step down the gradient of J (Eq. 12-13), and one of V along the same paths.

        Args:
          segment: `Segment` [T, batch, ...].
          cost_of_termination: as in `value_targets`.
        """
        config = self.config
        with tf.GradientTape() as tape:
            J, path = objective(
                self.policy,
                self.discriminator,
                self.forward_model,
                segment,
                config.discount,
                self.slow_value if config.value else None,
                history=config.forward_model_history,
                message_limit=config.policy_cost_scale * config.message_limit,
                training=True,
            )
            loss = config.policy_cost_scale * J
        norm = self._apply(tape, loss, self.policy, self.policy_optimizer)
        updates = tf.cast(self.policy_optimizer.iterations, tf.float32)
        _follow(self.average_policy, self.policy, 1.0 / (1.0 + config.average_share * updates))
        metrics = {"policy/loss": loss, "policy/gradient_norm": norm}
        if config.value:
            path = Path(*(tf.stop_gradient(values) for values in path))
            metrics |= self._update_value(path, segment, cost_of_termination)
        return metrics

    def _update_value(self, path, segment, cost_of_termination):
        """One step of V towards its lambda-returns along an `objective.Path`."""
        config = self.config
        targets = value_targets(
            self.slow_value,
            path,
            segment,
            config.discount,
            config.value_decay,
            cost_of_termination,
        )
        with tf.GradientTape() as tape:
            error = self.value.estimates(path.observations[:-1]) - targets[..., None]
            loss = tf.reduce_mean(segment.alive[..., None] * error**2)
        norm = self._apply(tape, loss, self.value, self.value_optimizer)
        _follow(self.slow_value, self.value, 1.0 - config.value_average_decay)
        return {
            "value/loss": loss,
            "value/gradient_norm": norm,
            "value/mean": tf.reduce_mean(targets),
            "value/cost_of_termination": cost_of_termination,
        }

    def _apply(self, tape, loss, model, optimizer):
        weights = model.trainable_variables
        gradients = tape.gradient(loss, weights)
        gradients = [
            gradient + self.config.weight_decay * weight
            for gradient, weight in zip(gradients, weights, strict=True)
        ]
        optimizer.apply(gradients, weights)
        return tf.linalg.global_norm(gradients)


def _share(condition):
    return tf.reduce_mean(tf.cast(condition, tf.float32))


def _follow(average, model, share):
    """Moves the weights of an average by this share of the way to those of the model."""
    for slow, weight in zip(average.trainable_variables, model.trainable_variables, strict=True):
        slow.assign_add(share * (weight - slow))


def _repeat(update, times):
    """Calls an update so many times, in the graph: the means of the metrics that it returns."""
    total = update()
    for _ in tf.range(times - 1):
        total = tf.nest.map_structure(tf.add, total, update())
    return {name: value / times for name, value in total.items()}
