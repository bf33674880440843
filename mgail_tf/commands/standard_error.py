"""What is written to stderr: lost where it cannot be written, and no reason to stop."""

import io
import sys


class _Lossy(io.FileIO):
    """Drops what the disk has no room for; a log that is full must not end what it is about."""

    def write(self, data, /):
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data).cast("B"))


def never_fail() -> None:
    """Makes stderr one that can always be written, unless something else stands in its place."""
    stderr = sys.stderr
    if stderr is None or stderr is not sys.__stderr__:
        return
    stderr.flush()
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(
        io.BufferedWriter(_Lossy(stderr.fileno(), "w", closefd=False)),
        encoding=stderr.encoding,
        errors=stderr.errors,
        line_buffering=True,
    )
