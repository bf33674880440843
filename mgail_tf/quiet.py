"""Keeps what libraries and environments print from where it does harm."""

from collections.abc import Iterator
import contextlib
import os
import sys


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


@contextlib.contextmanager
def stdout_is_stderr() -> Iterator[None]:
    """Sends what is printed meanwhile to stderr, also by libraries in C and by processes."""
    if sys.stdout is None:  # It was closed before Python began.
        yield
        return
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)
