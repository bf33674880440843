import numpy as np
import tensorflow as tf

from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.training.collector import NoCollector, ParallelCollector

NUM_ENVS, SEED = 3, 7


def make():
    environments = ParallelEnvironments("Pendulum-v1", NUM_ENVS, 0, lambda env: CutEpisodes(env, 5))
    return ParallelCollector(environments, SEED)


def act(observation, seed):
    """Actions and noise that tell what they were asked with."""
    noise = np.random.default_rng(seed).normal(size=(len(observation), 2))
    action = 0.1 * observation[:, :1] + 0.01 * seed[1]
    return tf.constant(action, tf.float32), tf.constant(noise, tf.float32)


def test_a_segment_is_what_happened_step_by_step():
    collector, twin = make(), make().environments
    for block in range(3):
        segment = collector.collect(act, 4)
        assert segment.observation.shape == (4, NUM_ENVS, 3)
        for step in range(4):
            seed = np.array([SEED, 4 * block + step])
            observation = twin.observation
            action, noise = act(observation, seed)
            next_observation, terminated, ended, _ = twin.step(action.numpy())
            for name, expected in (
                ("observation", observation),
                ("action", action),
                ("noise", noise),
                ("next_observation", next_observation),
                ("terminated", terminated),
                ("ended", ended),
            ):
                np.testing.assert_array_equal(getattr(segment, name)[step], expected, name)
        assert collector.steps == 4 * NUM_ENVS * (block + 1)
    # Episodes did end, so that the next step's observation is not where the last one led.
    assert twin.serialize() == collector.environments.serialize()
    assert max(collector.environments.position.episode) > 0


def test_the_noise_does_not_depend_on_where_a_run_was_resumed(tmp_path):
    collector = make()
    collector.collect(act, 5)
    file = tf.train.Checkpoint(collector=collector).save(str(tmp_path / "checkpoint"))
    expected = collector.collect(act, 5)
    resumed = make()
    tf.train.Checkpoint(collector=resumed).restore(file).assert_consumed()
    assert resumed.steps == 5 * NUM_ENVS
    for values, expected_values in zip(resumed.collect(act, 5), expected, strict=True):
        np.testing.assert_array_equal(values, expected_values)


def test_where_nothing_is_collected_no_step_is_counted():
    assert NoCollector().steps == 0
