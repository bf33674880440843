import numpy as np

from mgail_tf.networks.value import Value


def test_value_is_the_higher_of_two_networks_positive_estimates(float64):
    value = Value([8, 5])
    observations = np.random.default_rng(0).normal(scale=2.0, size=(50, 2, 3))
    value(observations)
    rng = np.random.default_rng(1)
    value.set_weights([w + rng.normal(scale=0.1, size=w.shape) for w in value.get_weights()])
    estimates = []
    for hidden, mean_cost in (
        (value.hidden_1, value.mean_cost_1),
        (value.hidden_2, value.mean_cost_2),
    ):
        features = observations
        for kernel, bias in zip(*[iter(hidden.get_weights())] * 2, strict=True):
            features = np.maximum(features @ kernel + bias, 0.0)
        kernel, bias = mean_cost.get_weights()
        estimates.append(np.log1p(np.exp(features @ kernel + bias)))
    expected = np.concatenate(estimates, -1)
    np.testing.assert_allclose(value.estimates(observations), expected, rtol=1e-9)
    np.testing.assert_allclose(value(observations), expected.max(-1), rtol=1e-9)
    assert (expected > 0.0).all()
    assert 0.1 < np.mean(expected[..., 0] > expected[..., 1]) < 0.9
