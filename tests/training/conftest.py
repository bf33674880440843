"""Fixtures for tests of training."""

import time

from fake_training import Clock
import pytest


@pytest.fixture
def clock(monkeypatch):
    """The time, which passes only when it is told to."""
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.seconds)
    return clock
