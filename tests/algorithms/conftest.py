"""Fixtures for more than one file of this folder."""

import pytest
import tensorflow as tf


@pytest.fixture(scope="module")
def eagerly():
    """To trace a graph takes longer than the few updates of a test."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
