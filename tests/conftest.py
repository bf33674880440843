"""Fixtures for more than one file."""

import os
import pathlib
import signal

import pytest

# Keras is imported where it is used: the process that only hands out the tests has no need of it,
# and would print TensorFlow's messages after pytest's summary.


# Files that take longest come first, so that no process is alone with one of them at the end.
LONG = (
    "test_kills.py",
    "test_own_environments.py",
    "test_make_trainer.py",
    "test_tasks.py",
    "test_programs.py",
    "test_authors.py",
    "test_extras.py",
    "test_wheel.py",
    "test_deployed_policy.py",
)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture
def float64():
    """Makes networks of 64-bit numbers, so that nothing wrong can pass as rounding."""
    import keras

    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


@pytest.fixture(autouse=True)
def seed():
    import keras

    keras.utils.set_random_seed(0)


EXPERT_DATA = pathlib.Path(__file__).parent.parent / "expert_data"


@pytest.fixture(scope="session")
def expert_data():
    """The folder of the committed experts."""
    return EXPERT_DATA


@pytest.fixture(scope="session", autouse=True)
def nothing_is_drawn_into_the_source_tree(tmp_path_factory):
    """Gives this session a cache of its own, which the programs that tests start inherit."""

    def files():
        return sorted(EXPERT_DATA.rglob("*"))

    os.environ["MGAIL_TF_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    before = files()
    yield
    assert files() == before


# Whoever runs the tests under nohup has it ignored, and so have all that they start.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
