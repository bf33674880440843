"""Keeps from the user what libraries say to nobody."""

from collections.abc import Iterator
import contextlib
import os


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discards what is written to stderr meanwhile.

    TensorFlow's notes at its import would hide the one line that matters to the user.
    """
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
