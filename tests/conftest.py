"""Fixtures for more than one file."""

import pathlib

import keras
import pytest


@pytest.fixture
def float64():
    """Makes networks of 64-bit numbers, so that nothing wrong can pass as rounding."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def expert_data():
    """The folder of the committed experts."""
    return pathlib.Path(__file__).parent.parent / "expert_data"
