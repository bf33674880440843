"""A short name for data, which is another one as soon as a number of them is."""

import hashlib
from typing import Any

import numpy as np


class Fingerprint:
    """Takes arrays one after the other, and makes a name of them."""

    def __init__(self):
        self._hash = hashlib.blake2b(digest_size=8)

    def add(self, *values: Any) -> None:
        """Adds arrays, numbers, None, or dicts and tuples of these.

        Of arrays their shapes and numbers count, not their types: files change these.
        """
        for value in values:
            if isinstance(value, dict):
                for name in sorted(value):
                    self._hash.update(name.encode())
                    self.add(value[name])
            elif isinstance(value, tuple):
                self.add(*value)
            elif value is None:
                self._hash.update(b"None")
            else:
                # Adding 0 makes 0 of -0, and copies into a row of memory.
                numbers = np.asarray(value, np.float64) + 0.0
                self._hash.update(str(numbers.shape).encode())
                self._hash.update(np.ascontiguousarray(numbers).data)

    def __str__(self) -> str:
        return self._hash.hexdigest()


def add_episode(
    fingerprint: Fingerprint,
    observations: Any,
    actions: Any,
    rewards: Any,
    terminations: Any,
) -> None:
    """Adds an episode as a dataset holds it; the same numbers written and read have one name."""
    fingerprint.add(observations, actions, rewards, terminations)


def of(*values: Any) -> str:
    """Returns the fingerprint of some values; see `Fingerprint.add`."""
    fingerprint = Fingerprint()
    fingerprint.add(*values)
    return str(fingerprint)
