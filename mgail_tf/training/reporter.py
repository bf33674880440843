"""Has the policy evaluated now and then, and writes what was measured."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
import sys
import time
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.learner import Collector, Learner
from mgail_tf.config import Reporting, Run
from mgail_tf.seeds import EVALUATION_SEED, FINAL_SEED
from mgail_tf.training import verdict
from mgail_tf.training.checkpoints import RunState
from mgail_tf.training.evaluation import Findings, Order
from mgail_tf.training.evaluators import Evaluator
from mgail_tf.training.export import Export
from mgail_tf.training.progress import Progress
from mgail_tf.training.run_folder import RunFolder


class Expert(NamedTuple):
    """What is imitated.

    Attributes:
      num_trajectories: number of demonstrated trajectories.
      return_mean, return_standard_error: of their returns; None where unknown.
      length_mean: of their numbers of steps.
      at_bounds: the part of their actions that is at the bounds; None where there are none.
      observed: names of the observations' components.
    """

    num_trajectories: int
    return_mean: float | None
    return_standard_error: float | None
    length_mean: float
    at_bounds: float | None = None
    observed: Sequence[str] = ()


class Reporter:
    """Has the policy evaluated, and writes the run folder's files.

    What an evaluation finds may come while training goes on. So a line of `metrics.jsonl` is begun
    when the policy is there, waits, and is written when the findings are. One evaluation at a time
    is on its way. What waits is a part of the run's state, so that no line is lost with a run that
    is killed: the resumed one evaluates the same policy again.

    Args:
      learner: what learns.
      collector: counts the environment steps.
      evaluator: plays the policy in the task.
      folder: the run folder.
      run, reporting: the settings.
      expert: what is imitated.
      state: the loop's own memory.
    """

    def __init__(
        self,
        learner: Learner,
        collector: Collector,
        evaluator: Evaluator,
        folder: RunFolder,
        run: Run,
        reporting: Reporting,
        expert: Expert,
        state: RunState,
    ):
        self._learner, self._collector, self._evaluator = learner, collector, evaluator
        self._folder, self._run, self._reporting = folder, run, reporting
        self._expert, self._state = expert, state
        self._export = Export(learner.deployed_policy, folder.saved_model)
        self._losses: dict[str, list[Any]] = {}
        self._reported_non_finite = 0
        self._film_every = reporting.film_every
        self._coming: Future[Findings] | None = None
        self._weights: dict[str, bytes] = {}  # Of the policy that is being evaluated.

    def resume(self) -> None:
        """Takes up the run folder where the restored state was."""
        known = self._collector.steps if int(self._state.evaluations) else -1
        self._folder.forget_metrics_after(known)
        line, lines = self._state.waiting.line, self._folder.metrics()
        if line is None:
            return
        if lines and lines[-1]["env_steps"] == line["env_steps"]:
            self._state.waiting.line = None
            self._export.write()
            distance, steps = _distance(lines[-1]), line["env_steps"]
            self._state.waiting.found(distance)
            self._state.closest.consider(distance, steps, self._export.weights())
        else:
            self._submit(self._reporting.evaluation_episodes, EVALUATION_SEED)

    def add(self, losses: Any) -> None:
        """Remembers what a round of learning returned; the means are reported."""
        for name, value in losses.items():
            self._losses.setdefault(name, []).append(value)

    def begin(self, progress: Progress) -> None:
        """Has the policy evaluated as it is now, exports it, and begins a line of the metrics."""
        self.conclude(progress)
        line = self._times()
        line |= {name: float(np.mean(values)) for name, values in self._losses.items()}
        self._losses.clear()
        if rounds := int(self._state.rounds):
            self._folder.tensorboard.write_histograms(
                self._collector.steps, self._learner.histograms(rounds)
            )
        self._tell_non_finite()
        evaluations = int(self._state.evaluations)
        film = evaluations and self._film_every and evaluations % self._film_every == 0
        self._state.evaluations.assign_add(1)
        self._learner.evaluating()
        self._state.waiting.line = line
        self._submit(self._reporting.evaluation_episodes, EVALUATION_SEED, film=bool(film))
        self.collect(progress)

    def conclude(self, progress: Progress) -> None:
        """Waits for the evaluation that is on its way, and tells the learner what it has found.

        The learner is told here only, not where the findings come: so it makes no difference when
        they do.
        """
        self.collect(progress, wait=True)
        waiting = self._state.waiting
        if waiting.untold is not None:
            self._learner.evaluated(waiting.untold)
            waiting.untold = None

    def collect(self, progress: Progress, *, wait: bool = False) -> None:
        """Writes what an evaluation has found, if it is there by now.

        Args:
          progress: shows it.
          wait: wait until it is there.
        """
        if self._coming is None or not (wait or self._coming.done()):
            return
        findings, line = self._wait(), self._state.waiting.line
        self._state.waiting.line = None
        assert line is not None
        steps, distance = line["env_steps"], _distance(findings.measured)
        self._state.closest.consider(distance, steps, self._weights)
        random_distance = findings.levels["imitation_distance_of_random_policy"]
        self._state.waiting.random_distance = random_distance
        self._state.waiting.found(distance)
        training_seconds = line["wall_seconds"] - line["evaluation_seconds"]
        speeds = {"speed/steps_per_second": steps / training_seconds if training_seconds else 0.0}
        # Returns come first, losses last.
        times = {name: line.pop(name) for name in self._times()}
        metrics = times | findings.measured | line
        self._folder.write_metrics(metrics, speeds)
        expert = {
            "imitation_distance": findings.levels["imitation_distance_of_demonstrations"],
            "return_mean": self._expert.return_mean,
            "normalized_return": None if self._expert.return_mean is None else 1.0,
        }
        self._folder.tensorboard.write_levels(steps, findings.measured, expert)
        if findings.film:
            self._folder.tensorboard.write_animation("episode", steps, findings.film)
        if findings.no_film:
            tqdm.write(f"TensorBoard will show no episodes: {findings.no_film}", file=sys.stderr)
            self._film_every = 0
        progress.evaluated(metrics, self._expert.return_mean)

    def finish(self) -> dict[str, Any]:
        """Exports a policy, has it evaluated once more and closely, and writes the result."""
        steps, closest = self._collector.steps, self._state.closest
        if self._reporting.export == "closest" and closest.weights:
            steps = closest.env_steps
            self._submit(self._reporting.final_episodes, FINAL_SEED, weights=closest.weights)
        else:
            self._submit(self._reporting.final_episodes, FINAL_SEED)
        findings = self._wait()
        expert_level = self._folder.first_reached(0.95) or {}
        result = {
            "env": self._run.env,
            "seed": self._run.seed,
            "num_trajectories": self._expert.num_trajectories,
            "episodes": self._reporting.final_episodes,
            **self._times(),
            "export": self._reporting.export,
            "exported_env_steps": steps,
            **findings.measured,
            "expert_return_mean": self._expert.return_mean,
            "expert_return_standard_error": self._expert.return_standard_error,
            "expert_length_mean": self._expert.length_mean,
            "expert_at_bounds": self._expert.at_bounds,
            **findings.levels,
            "steps_to_95": expert_level.get("env_steps"),
            "seconds_to_95": expert_level.get("wall_seconds"),
        }
        telltale = [self._expert.observed[index] for index in findings.telltale]
        went = verdict.judge(verdict.Course(self._folder.metrics(), result, telltale))
        result |= {"level": went.level, "verdict": went.sentences}
        self._folder.tensorboard.write_text("verdict", self._collector.steps, went.sentences)
        self._folder.write_result(result)
        return result

    def _times(self) -> dict[str, Any]:
        return {
            "env_steps": self._collector.steps,
            "wall_seconds": self._state.count_seconds(),
            "evaluation_seconds": float(self._state.evaluation_seconds),
            "non_finite_steps": self._collector.non_finite_steps,
        }

    def _submit(
        self,
        num_episodes: int,
        seed: int,
        *,
        film: bool = False,
        weights: Mapping[str, bytes] | None = None,
    ) -> None:
        """Exports the policy as it is now, or as it was with `weights`, and has it evaluated."""
        self._export.write()
        if weights:
            self._export.restore(weights)
        self._weights = self._export.weights()
        started = time.perf_counter()
        self._collector.pause()
        order = Order(self._folder.saved_model, num_episodes, seed, film)
        self._coming = self._evaluator.submit(order)
        self._state.evaluation_seconds.assign_add(time.perf_counter() - started)

    def _wait(self) -> Findings:
        """What the evaluation that is on its way finds; the wait counts as evaluation."""
        assert self._coming is not None
        coming, self._coming = self._coming, None
        started = time.perf_counter()
        findings = coming.result()
        self._state.evaluation_seconds.assign_add(time.perf_counter() - started)
        return findings

    def _tell_non_finite(self) -> None:
        """Says that the simulator has diverged, if it has since the last time."""
        number = self._collector.non_finite_steps
        if number > self._reported_non_finite:
            tqdm.write(
                f"{self._run.env}: {number} of {self._collector.steps} steps gave observations "
                "that are not finite; their episodes were cut before them",
                file=sys.stderr,
            )
        self._reported_non_finite = number


def _distance(measured: Mapping[str, Any]) -> Distance | None:
    """How far evaluated episodes are from the demonstrations; None if it is not known."""
    if measured["imitation_distance"] is None:
        return None
    return Distance(measured["imitation_distance"], measured["imitation_distance_of_lengths"])
