import gymnasium
import numpy as np
import pytest
import sample_data
import tensorflow as tf

from mgail_tf.algorithms.cloned_start import start_from_clone
from mgail_tf.data.replay import Replay
from mgail_tf.networks.build import Encoders, make_policy
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder

# Half of an action is noise, so that cloning soon stops.
OBSERVATIONS, NOISE = sample_data.draw(150, 3)[:2]
CONTINUOUS = gymnasium.spaces.Box(-9.0, 9.0, (2,)), OBSERVATIONS[:, :2] + NOISE
DISCRETE = gymnasium.spaces.Discrete(2), (OBSERVATIONS + NOISE[:, :1] > 0)[:, 0].astype(int)


@pytest.mark.parametrize("space, actions", [CONTINUOUS, DISCRETE])
def test_policies_start_by_doing_what_was_demonstrated(space, actions):
    actions = actions.astype(space.dtype)
    encoders = Encoders(
        ObservationEncoder(OBSERVATIONS.mean(0), OBSERVATIONS.std(0), 10.0),
        action_encoder(space, actions.mean(0), actions.std(0)),
    )
    demonstrated = Replay.of(
        sample_data.draw(150, 3, actions)._replace(observations=OBSERVATIONS), encoders, 1
    )
    observations, encoded = demonstrated.pairs()
    policies = [make_policy(encoders.actions, (20,), noise_stddev=0.3) for _ in range(2)]
    for policy in policies:
        policy(observations[:1])
        policy.set_noise_scale(tf.constant(0.5))
    before = np.mean(policies[0].cloning_loss(observations, encoded))
    start_from_clone(policies, encoders, demonstrated, seed=0)
    losses = [np.mean(policy.cloning_loss(observations, encoded)) for policy in policies]
    assert losses[0] == losses[1] < 0.8 * before
    if space is CONTINUOUS[0]:
        np.testing.assert_allclose(policies[0](observations[:1]).stddev(), [[0.15, 0.15]])
