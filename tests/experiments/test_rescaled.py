import gymnasium
import numpy as np
import pytest

from experiments import rescaled
from mgail_tf.data import demonstrations
from mgail_tf.envs.make import make_environment


@pytest.mark.parametrize("kind", ["Mixed", "SmallActions", "Offset"])
def test_the_same_task_in_other_units(kind, tmp_path):
    units = rescaled.UNITS["HalfCheetah"][kind]
    name = rescaled.environment("HalfCheetah", kind)
    rescaled.write_demonstrations("HalfCheetah", kind, tmp_path / "dataset")
    shown = demonstrations.load(tmp_path / "dataset", name)
    original, moved = make_environment("HalfCheetah"), make_environment(name)
    first, observed = original.reset(seed=3)[0], moved.reset(seed=3)[0]
    for action in np.linspace(-0.9, 0.9, 20, dtype=np.float32):
        np.testing.assert_allclose(observed, units.observe(first), rtol=1e-6, atol=1e-9)
        assert shown.observations.dtype == observed.dtype == np.float64
        first, reward, *_ = original.step(np.full(6, action))
        observed, other_reward, *_ = moved.step(np.full(6, action) * np.float32(units.actions))
        np.testing.assert_allclose(float(other_reward), float(reward), rtol=1e-3)
    assert isinstance(moved.action_space, gymnasium.spaces.Box)
    np.testing.assert_allclose(np.abs(shown.actions).max(), units.actions, rtol=1e-6)
