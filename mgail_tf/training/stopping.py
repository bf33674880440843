"""Ends a run where it was asked to: Ctrl-C (SIGINT), SIGTERM, or a terminal that is closed."""

from collections.abc import Callable, Iterator
import contextlib
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP

AT_ONCE = "stopped; the same command goes on from the last checkpoint, if there is one"


class Stopped(KeyboardInterrupt):
    """A signal has ended the run.

    Attributes:
      number: of the signal.
      steps: environment steps whose work is kept.
    """

    def __init__(self, number: int, steps: int = 0):
        super().__init__()
        self.number, self.steps = number, steps


class Stop:
    """Whether a run is to end, and whether it may end at any moment.

    A signal that comes while `finishing` waits for `check`. At any other moment it raises `Stopped`
    at once: nothing is lost then that the last checkpoint does not have.

    Attributes:
      is_listening: whether it hears the signals of this process.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._is_finishing = False
        self.is_listening = False

    @contextlib.contextmanager
    def beginning(self) -> Iterator[None]:
        """What is within is ended at once, even while a library is busy; see `at_once`."""
        with at_once() if self.is_listening else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def finishing(self) -> Iterator[None]:
        """What is within is not interrupted, unless a second signal comes."""
        self._is_finishing = True
        try:
            yield
        finally:
            self._is_finishing = False

    @property
    def asked(self) -> bool:
        """Whether a signal has come."""
        return bool(self._asked)

    def check(self, steps: int = 0) -> None:
        """Raises `Stopped`, with the steps whose work is kept, if a signal has come."""
        if self._asked:
            raise Stopped(self._asked, steps)

    def signalled(self, number: int, _: FrameType | None = None) -> None:
        """Takes note of a signal."""
        again, self._asked = self._asked, number
        if again or not self._is_finishing:
            raise Stopped(number)


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Ends this process at once where a signal comes, even while a library is busy in C.

    Python's own handlers would wait until the library returns: TensorFlow compiles for seconds.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = _handle(lambda *_: None)
    wakeup = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        for number in ours.recv(1):  # Nothing comes if the socket is closed.
            print(AT_ONCE, file=sys.stderr, flush=True)
            os._exit(128 + number)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        theirs.close()
        thread.join()
        ours.close()


@contextlib.contextmanager
def listening(stop: Stop) -> Iterator[None]:
    """Hands the signals of this process to `stop`."""
    before = _handle(stop.signalled)
    stop.is_listening = True
    try:
        yield
    finally:
        stop.is_listening = False
        for number, handler in before.items():
            signal.signal(number, handler)


def _handle(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Installs a handler of all signals; returns those before it."""
    # `nohup` has SIGHUP ignored, so that a run outlives its terminal.
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heard = [number for number in SIGNALS if not (ignored and number == signal.SIGHUP)]
    return {number: signal.signal(number, handler) for number in heard}
