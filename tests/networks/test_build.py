import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.networks.build import make_discriminator, make_forward_model
from mgail_tf.networks.encoding import action_encoder

OBSERVATION, NUM_ACTIONS, BATCH = 4, 3, 6


def make_prediction(actions, per_action):
    model = make_forward_model("basic", OBSERVATION, actions, 20, outputs_per_action=per_action)

    def predict(observation, action):
        return model(observation, action, model.initial_memory(BATCH))[0]

    return model, predict


def make_judgement(actions, per_action):
    model = make_discriminator(actions, (20, 10), outputs_per_action=per_action)
    return model, model


@pytest.mark.parametrize("make", [make_judgement, make_prediction])
@pytest.mark.parametrize("per_action", [True, False])
def test_derivative_by_a_discrete_action_is_what_another_one_changes(make, per_action, float64):
    actions = action_encoder(gymnasium.spaces.Discrete(NUM_ACTIONS))
    model, network = make(actions, per_action)
    rng = np.random.default_rng(0)
    observation = tf.constant(rng.normal(size=(BATCH, OBSERVATION)))
    one_hot = np.eye(NUM_ACTIONS)
    chosen = tf.constant(one_hot[rng.integers(NUM_ACTIONS, size=BATCH)])
    network(observation, chosen)
    model.set_weights([rng.normal(scale=0.3, size=w.shape) for w in model.get_weights()])
    with tf.GradientTape() as tape:
        tape.watch(chosen)
        outputs = network(observation, chosen)
    slopes = tape.batch_jacobian(outputs, chosen)
    errors = []
    for other in one_hot:
        others = tf.constant(np.tile(other, (BATCH, 1)))
        change = network(observation, others) - outputs
        errors.append(change - tf.linalg.matvec(slopes, others - chosen))
        assert np.abs(change).max() > 0.1
    assert (np.abs(errors).max() < 1e-10) == per_action
