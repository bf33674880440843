"""The loop: learn, and now and then evaluate and save, within a budget of environment steps."""

import contextlib
import time
from typing import Any

from mgail_tf.algorithms.learner import Collector, Learner
from mgail_tf.config import Reporting, Run
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.errors import EnvironmentFailed, NotWritten
from mgail_tf.training import divergence, profiled_rounds
from mgail_tf.training.checkpoints import Checkpoints
from mgail_tf.training.collector import NoCollector
from mgail_tf.training.profiled_rounds import PROFILED, UNPROFILED
from mgail_tf.training.progress import Progress
from mgail_tf.training.reporter import Reporter
from mgail_tf.training.run_folder import RunFolder
from mgail_tf.training.run_state import RunState
from mgail_tf.training.stopping import Stop, Stopped


class Trainer:
    """Drives a learner to the end of its budget; it knows no particular algorithm.

    A run that was interrupted goes on from its last checkpoint.

    Args:
      learner: what learns.
      collector: what the learner acts with; it counts the environment steps.
      reporter: has the policy evaluated, and writes what was measured.
      folder: the run folder.
      run: what is imitated, and the budget.
      reporting: how often, and how closely, the policy is evaluated.
      state: the loop's own memory.

    Attributes:
      opened: what is closed at the end of the run, however it ends.

    Raises:
      UserError: the folder's checkpoint is damaged.
    """

    def __init__(
        self,
        learner: Learner,
        collector: Collector,
        reporter: Reporter,
        folder: RunFolder,
        run: Run,
        reporting: Reporting,
        state: RunState,
    ):
        self.opened = contextlib.ExitStack()
        self.learner, self.collector = learner, collector
        self.folder, self.run, self.reporting = folder, run, reporting
        self.state = state
        self._checkpoints = Checkpoints(
            folder.checkpoints, learner=learner, collector=collector, state=self.state
        )
        self._checkpoints.restore()
        self._saved_at, self._saved_steps = time.perf_counter(), collector.steps
        self._reporter = reporter
        self._first_round = int(self.state.rounds)
        self._reporter.resume()

    @property
    def policy(self) -> DeployedPolicy:
        """The policy as it is now, which is evaluated, and exported unless a closer one is."""
        return self.learner.deployed_policy

    def train(
        self,
        progress: bool | Progress = True,
        profile: bool = False,
        stop: Stop | None = None,
    ) -> dict[str, Any]:
        """Learns to the end of the budget, then exports and evaluates the policy.

        Args:
          progress: whether to show it, or what shows it.
          profile: whether to profile some rounds for TensorBoard.
          stop: hears the signals that are to end the run.

        Returns:
          What is written to `result.json`.

        Raises:
          Stopped: a signal came; the run goes on from there.
          NotWritten: the disk is full, for example; the same run goes on from its last checkpoint.
          Diverged: something that was learned is not finite; what was saved before is good.
          EnvironmentFailed: an environment failed. The work of all whole rounds is kept, and the
            same run goes on from there.
          UserError: too few rounds are left to profile any.
        """
        if not isinstance(progress, Progress):
            progress = Progress(self.run.env, shown=progress)
        with self.opened, progress:
            if profile:
                left = self.run.total_steps - self.collector.steps
                profiled_rounds.check(left, self.learner.steps_per_round)
            stop = stop or Stop()
            try:
                return self._train(progress, profile, stop)
            except Stopped as stopped:
                raise Stopped(stopped.number, self._saved_steps) from None
            except NotWritten as error:
                if self.folder.is_there:
                    kept = (
                        "what was saved before stays, and the same command goes on from there "
                        "once this is mended"
                    )
                else:
                    kept = "its folder is gone; told by `logdir` where it is, the run goes on"
                raise NotWritten(f"{error}; {kept}") from error
            except EnvironmentFailed as error:
                kept = self._keep(progress)
                # `timeout` ends the workers together with this process.
                stop.check(kept)
                raise EnvironmentFailed(
                    f"{error}; the work of {kept:,} steps is kept, and the same command goes on "
                    "from there once this is mended"
                ) from error

    def _train(self, progress: Progress, profile: bool, stop: Stop) -> dict[str, Any]:
        without_steps = isinstance(self.collector, NoCollector)
        progress.begin(None if without_steps else self.run.total_steps, self._count())
        while True:
            if self._is_evaluation_due():
                self._evaluate(progress)
            elif self._is_checkpoint_due():
                self._save()
            if not self._goes_on():
                break
            if int(self.state.rounds) == self._first_round:
                self.folder.forget_result()
            if int(self.state.rounds) == self._first_round:
                progress.phase("compiling")
                with stop.beginning():
                    self._learn()
            else:
                with stop.finishing():
                    self._learn()
                    if stop.asked:
                        self._save()
                stop.check()
            progress.phase("")
            progress.advance(self._count())
            if profile:
                self._profile()
            self._reporter.collect(progress)
        self._reporter.collect(progress, wait=True)
        progress.phase("evaluating once more, and closely")
        result = self._reporter.finish()
        self._checkpoints.keep(1)
        return result

    def _evaluate(self, progress: Progress) -> None:
        """Has the policy evaluated as it is now, and saves the run."""
        progress.phase("evaluating")
        divergence.check_weights(self.learner.weights, self._where())
        self._reporter.begin(progress)
        self._save()
        self._reporter.evaluate()
        self._reporter.collect(progress)
        progress.phase("")

    def _keep(self, progress: Progress) -> int:
        """Keeps the work of a run that ends early; returns its environment steps."""
        with contextlib.suppress(EnvironmentFailed):
            self._reporter.collect(progress, wait=True)
        self._save()
        return self.collector.steps

    def _save(self) -> None:
        divergence.check_weights(self.learner.weights, self._where())
        self.state.count_seconds()
        self._checkpoints.save()
        self._saved_at, self._saved_steps = time.perf_counter(), self.collector.steps

    def _is_checkpoint_due(self) -> bool:
        seconds = 60 * self.reporting.checkpoint_minutes
        return 0 < seconds <= time.perf_counter() - self._saved_at

    def _count(self) -> int:
        """What the progress counts: environment steps, or rounds where there are none."""
        without = isinstance(self.collector, NoCollector)
        return int(self.state.rounds) if without else self.collector.steps

    def _goes_on(self) -> bool:
        steps = self.collector.steps + self.learner.steps_per_round
        return not self.learner.finished and steps <= self.run.total_steps

    def _learn(self) -> None:
        """One round of learning."""
        first = int(self.state.rounds) == 0
        recording = self.folder.tensorboard.recorded_graph() if first else contextlib.nullcontext()
        with recording:
            metrics = self.learner.learn(self.collector)
        self.state.rounds.assign_add(1)
        numbers = {name: float(value) for name, value in metrics.items()}
        divergence.check(numbers, self._where())
        self._reporter.add(numbers)

    def _where(self) -> str:
        """Which round was the last one, for messages."""
        return f"round {int(self.state.rounds):,}, after {self.collector.steps:,} environment steps"

    def _is_evaluation_due(self) -> bool:
        state = self.state
        if not int(state.evaluations) and self.learner.steps_per_round:
            return True  # Of the policy that learning begins with.
        if int(state.rounds) == int(state.rounds_evaluated):
            return False
        every = self.reporting.evaluate_every or max(1, self.run.total_steps // 20)
        crossed = self.collector.steps // every > int(state.steps_evaluated) // every
        return crossed or not self._goes_on()

    def _profile(self) -> None:
        rounds = int(self.state.rounds) - self._first_round
        if rounds == UNPROFILED:
            self.folder.tensorboard.start_profile()
        last = UNPROFILED + PROFILED
        if rounds == last or (UNPROFILED < rounds < last and not self._goes_on()):
            self.folder.tensorboard.stop_profile()
