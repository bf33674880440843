"""A process of its own that evaluates policies while training goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
import contextlib
from multiprocessing.connection import Connection
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import traceback
from typing import Any

from mgail_tf.envs.instances import PATIENCE, Workers
from mgail_tf.errors import EnvironmentFailed, UserError
from mgail_tf.quiet import quiet
from mgail_tf.training.evaluation import Evaluation, Findings, Order
from mgail_tf.training.stopping import SIGNALS


class EvaluationProcess:
    """Evaluates in a worker process, while its caller goes on: an `Evaluator`.

    The process is a Python of its own, so that it has nothing of this one: a copy of a process that
    has TensorFlow's threads can hang. It imports TensorFlow at once, which takes seconds, so it is
    best started early. It ends with this process, however this one ends.
    """

    def __init__(self):
        ours, theirs = socket.socketpair()
        with theirs:
            program = [sys.executable, "-m", "mgail_tf.training.evaluation_process"]
            # Whoever presses Ctrl-C means the run, which ends the process; `timeout` and terminals
            # that are closed tell both. What is started inherits the signals that are blocked, so
            # no moment is left in which it would listen.
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                self._process = subprocess.Popen(
                    [*program, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self._socket, self._connection = ours, Connection(os.dup(ours.fileno()))
        self._has_workers = False
        self._thread = ThreadPoolExecutor(1)

    def prepare(self, **settings: Any) -> None:
        """Says what is evaluated where, before the first order.

        Args:
          **settings: those of `Evaluation`; `env_processes` is the number of its `Workers`.
        """
        self._has_workers = bool(settings.get("env_processes"))
        self._prepared = self._thread.submit(self._ask, settings)

    def submit(self, order: Order) -> Future[Findings]:
        """Hands an order over; the orders are carried out one after another."""
        return self._thread.submit(self._carry_out, order)

    def _carry_out(self, order: Order) -> Findings:
        self._prepared.result()
        return self._ask(order)

    def _ask(self, message: Order | dict[str, Any]) -> Any:
        try:
            self._connection.send(message)
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise EnvironmentFailed(
                "the process that evaluates has ended; did its simulator crash, or was it killed?"
            ) from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self._socket.shutdown(socket.SHUT_RDWR)
        if self._has_workers:
            # It ends them; theirs would be tracebacks if it were killed.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2 * PATIENCE)
        self._process.kill()
        self._process.wait()
        self._thread.shutdown()
        self._connection.close()
        self._socket.close()


def number_of_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Over(KeyboardInterrupt):
    """Nobody waits for the evaluation any more; what an environment raises is never of this."""


def _work(connection: Connection) -> None:
    """What the process does: evaluates what it is told to until nobody tells it any more."""
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    workers: list[Workers] = []

    def end(*_):
        raise _Over

    signal.signal(signal.SIGUSR1, end)

    def listen():
        try:
            while True:
                told.put(connection.recv())
        except (EOFError, OSError):
            # The run is over, or was killed: nobody waits for what is being done.
            if not workers:
                os._exit(0)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    threading.Thread(target=listen, daemon=True).start()
    with quiet():
        import tensorflow as tf

    # The other core is training's.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    evaluation: Any = None
    try:
        while True:
            message = told.get()
            try:
                if isinstance(message, Order):
                    answer: Any = evaluation.carry_out(message)
                else:
                    if number := message.pop("env_processes", 0):
                        workers.append(Workers(number))
                    evaluation = Evaluation(**message, workers=workers[-1] if workers else None)
                    answer = None
            except UserError as error:
                answer = error
            except _Over:
                raise
            except KeyboardInterrupt:  # It does not hear of the user's Ctrl-C.
                answer = EnvironmentFailed("the environment has raised KeyboardInterrupt")
            except Exception:
                answer = RuntimeError(traceback.format_exc())
            connection.send(answer)
    except (_Over, OSError):
        pass  # Nobody waits for an answer.
    finally:
        for each in workers:
            each.close()


if __name__ == "__main__":
    _work(Connection(int(sys.argv[1])))
