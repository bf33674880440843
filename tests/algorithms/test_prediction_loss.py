import numpy as np
from objectives import ACTION, FORWARD_MODELS, OBSERVATION
import pytest
import segments
import tensorflow as tf

from mgail_tf.algorithms.objective import prediction_loss

# Places (step, index) of a segment of 3 steps and 4 at a time.
ENDED = (0, 1), (1, 3), (2, 1)


@pytest.mark.parametrize("name", ["advanced, remembers all", "residual"])
def test_prediction_loss_is_the_mean_error_of_the_steps_up_to_an_end(float64, name):
    model = FORWARD_MODELS[name][0]()
    segment = segments.draw_segment(3, 4, OBSERVATION, ACTION, ends=ENDED, dtype=np.float64)
    loss = prediction_loss(model, segment)
    errors = []
    for index in range(4):
        memory = model.initial_memory(1)
        for step in range(3):
            now = segments.cut(segment, step, step, index)
            prediction, memory = model(now.observation[0], now.action[0], memory)
            errors.append(np.mean((prediction - now.next_observation[0]) ** 2))
            # Steps after an episode's end belong to the next one, which the memory knows not.
            if (step, index) in ENDED:
                break
    assert len(errors) == 9
    np.testing.assert_allclose(loss, np.mean(errors), rtol=1e-9)


def test_prediction_loss_ignores_what_follows_an_end(float64):
    model = FORWARD_MODELS["advanced"][0]()
    segment = segments.draw_segment(3, 4, OBSERVATION, ACTION, ends=ENDED, dtype=np.float64)
    loss = prediction_loss(model, segment)
    observation = segment.observation.numpy()
    observation[1:, 1] += 100.0
    observation[2:, 3] += 100.0
    changed = segment._replace(observation=tf.constant(observation))
    np.testing.assert_allclose(prediction_loss(model, changed), loss, rtol=1e-12)
