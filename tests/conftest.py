"""Fixtures for more than one file."""

import keras
import pytest


@pytest.fixture
def float64():
    """Networks that are built meanwhile have 64-bit weights, so a wrong term can't pass as rounding."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)
