import os
import signal
import subprocess
import sys
import time

import pytest

from mgail_tf.training.stopping import SIGNALS, Stop, Stopped, listening

BUSY = """
import time
from mgail_tf.training import stopping
with stopping.at_once():
    print("busy", flush=True)
    {busy}
"""
# Python's own handlers do not run while this does; other threads do.
IN_C = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("busy", ["time.sleep(600)", IN_C])
def test_at_once_is_at_once(number, busy):
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY.format(busy=busy)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "busy\n"
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert told.startswith("stopped; ") and told.count("\n") == 1


@pytest.fixture
def stop():
    """Which hears the signals of this process."""
    stop = Stop()
    with listening(stop):
        yield stop


def send(number):
    os.kill(os.getpid(), number)
    time.sleep(0.1)  # The handler runs between two instructions.


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_being_finished_is_finished(number, stop):
    with stop.finishing():
        send(number)
        finished = True
    assert finished and stop.asked
    with pytest.raises(Stopped) as stopped:
        stop.check()
    assert stopped.value.number == number


def test_a_second_signal_does_not_wait(stop):
    with stop.finishing():
        send(signal.SIGINT)
        with pytest.raises(Stopped):
            send(signal.SIGTERM)


def test_nothing_else_is_finished(stop):
    stop.check()
    with pytest.raises(Stopped):
        send(signal.SIGTERM)


def test_a_run_outlives_its_terminal_under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = Stop()
        with listening(stop):
            send(signal.SIGHUP)
        assert not stop.asked
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_as_they_were_afterwards():
    before = [signal.getsignal(number) for number in SIGNALS]
    with listening(Stop()):
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
