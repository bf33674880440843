"""What each update of MGAIL is drawn from: the agent's experience and the demonstrations."""

import tensorflow as tf

from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.data.replay import Replay, Segment
from mgail_tf.networks.discriminator import Pair
from mgail_tf.networks.policy import Policy


class SegmentSampler:
    """Draws the batches of the updates.

    Args:
      replay: the experience buffer B.
      demonstrated: the demonstrations; their noise is not used.
      policy: takes the actions where the recorded ones are not the agent's.
      options: all of MGAIL's; they say how large the batches are, and what is in them.
      generator: draws the seeds.
    """

    def __init__(
        self,
        replay: Replay,
        demonstrated: Replay,
        policy: Policy,
        options: MGAILOptions,
        generator: tf.random.Generator,
    ):
        self._replay, self._demonstrated, self._policy = replay, demonstrated, policy
        self._all_options, self._options = options, options.updates
        self._generator = generator

    def for_forward_model(self) -> Segment:
        """What an update of the forward model learns from: [history, batch, ...]."""
        history = self._all_options.networks.forward_model_history
        return self.segments(self._options.batch_size // history, history)

    def for_discriminator(self) -> tuple[Pair, Pair]:
        """What an update of the discriminator learns from; see `pairs`."""
        return self.pairs(self._options.batch_size)

    def for_policy(self) -> Segment:
        """What an update of policy and value learns from: [T, policy_segments, ...]."""
        acting = self._all_options.acting
        newest = self._options.policy_replay_steps // acting.num_envs
        return self.segments(self._options.policy_segments, acting.segment_length, newest)

    def for_cloning(self) -> Pair:
        """The demonstrated pairs that a policy update clones: as many as it has segments."""
        pairs = self._demonstrated.sample(self._options.policy_segments, 1, self._seed())
        return pairs.observation[0], pairs.action[0]

    def segments(self, batch_size: int, length: int, newest: int | None = None) -> Segment:
        """A batch of segments; the last `demonstrated_fraction` of it is from the demonstrations.

        Demonstrated segments come with new noise, which stands for the noise of the agent that
        acts there.

        Args:
          batch_size, length: number and length of the segments.
          newest: draw the agent's among the newest so many steps of each environment only.

        Returns:
          [length, batch_size, ...].
        """
        num_demonstrated = self._num_demonstrated(batch_size)
        agent = self._replay.sample(batch_size - num_demonstrated, length, self._seed(), newest)
        if not num_demonstrated:
            return agent
        expert = self._demonstrated.sample(num_demonstrated, length, self._seed())
        noise = self._policy.noise.sample(expert.noise.shape, seed=self._seed())
        expert = expert._replace(noise=noise)
        return Segment(*(tf.concat(fields, 1) for fields in zip(agent, expert, strict=True)))

    def pairs(self, batch_size: int) -> tuple[Pair, Pair]:
        """What the discriminator learns from: the expert's pairs, and as many of the agent's.

        The last `demonstrated_fraction` of the agent's pairs are the actions that the current
        policy takes in demonstrated states.
        """
        expert = self._demonstrated.sample(batch_size, 1, self._seed())
        agent = self.segments(batch_size, 1)
        if self._options.resample_actions:
            agent = self.with_current_actions(agent, 0)
        else:
            agent = self.with_current_actions(
                agent, batch_size - self._num_demonstrated(batch_size)
            )
        return (
            (expert.observation[0], expert.action[0]),
            (agent.observation[0], agent.action[0]),
        )

    def with_current_actions(self, segment: Segment, first: int) -> Segment:
        """Replaces recorded actions by those that the current policy takes in the same states.

        The noise is the recorded one.

        Args:
          segment: [length, batch, ...].
          first: index in the batch of the first segment to change.
        """
        action = self._policy.sample(segment.observation[:, first:], segment.noise[:, first:])
        return segment._replace(action=tf.concat([segment.action[:, :first], action], 1))

    def _num_demonstrated(self, batch_size):
        return round(self._options.demonstrated_fraction * batch_size)

    def _seed(self):
        return self._generator.uniform([2], minval=None, dtype=tf.int32)
