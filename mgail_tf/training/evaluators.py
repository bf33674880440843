"""What evaluates policies: here, or in a process of its own (`evaluation_process`)."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from mgail_tf.training.evaluation import Evaluation, Findings, Order


class Evaluator(Protocol):
    """Evaluates policies."""

    def submit(self, order: Order) -> Future[Findings]:
        """Begins an evaluation; the policy's folder must not change before it is done."""
        ...


class InTurn:
    """Evaluates at once, while its caller waits.

    Args:
      evaluation: plays the episodes.
    """

    def __init__(self, evaluation: Evaluation):
        self._evaluation = evaluation

    def submit(self, order: Order) -> Future[Findings]:
        """Evaluates; what goes wrong is raised by the result."""
        done: Future[Findings] = Future()
        try:
            done.set_result(self._evaluation.carry_out(order))
        except Exception as error:
            done.set_exception(error)
        return done
