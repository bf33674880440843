"""The loop: learn, and now and then evaluate and save, within a budget of environment steps."""

import collections
import contextlib
import sys
import time
from typing import Any

import numpy as np
from tqdm import tqdm

from mgail_tf.algorithms.learner import Collector, Learner
from mgail_tf.config import Reporting, Run
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import EnvironmentFailed, UserError
from mgail_tf.seeds import EVALUATION_SEED, FINAL_SEED
from mgail_tf.training.checkpoints import Checkpoints, RunState
from mgail_tf.training.collector import NoCollector
from mgail_tf.training.evaluation import Evaluation
from mgail_tf.training.export import Export
from mgail_tf.training.films import Filming
from mgail_tf.training.progress import Progress
from mgail_tf.training.run_folder import RunFolder

# Rounds before the profiled ones, which are busy with compilation; and the number of profiled ones.
UNPROFILED_ROUNDS, PROFILED_ROUNDS = 5, 10


class Trainer:
    """Drives a learner to the end of its budget; it knows no particular algorithm.

    A run that was interrupted goes on from its last checkpoint.

    Args:
      learner: what learns.
      collector: what the learner acts with; it counts the environment steps.
      evaluation: plays the policy in the task.
      folder: the run folder.
      run: what is imitated, and the budget.
      reporting: how often, and how closely, the policy is evaluated.
      num_trajectories: number of demonstrated trajectories, for the result.
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
        evaluation: Evaluation,
        folder: RunFolder,
        run: Run,
        reporting: Reporting,
        *,
        num_trajectories: int,
        state: RunState | None = None,
    ):
        self.opened = contextlib.ExitStack()
        self._reported_non_finite = 0
        self.learner, self.collector, self.evaluation = learner, collector, evaluation
        self.folder, self.run, self.reporting = folder, run, reporting
        self._num_trajectories = num_trajectories
        self.state = state or RunState()
        self._filming = Filming(run.env, reporting.film_every)
        self._losses: dict[str, list[Any]] = collections.defaultdict(list)
        self._checkpoints = Checkpoints(
            folder.checkpoints, learner=learner, collector=collector, state=self.state
        )
        self._checkpoints.restore()
        self._export = Export(self.policy, folder.saved_model)
        self._first_round = int(self.state.rounds)
        folder.forget_metrics_after(collector.steps)

    @property
    def policy(self) -> DeployedPolicy:
        """The policy that is evaluated and exported."""
        return self.learner.deployed_policy

    def train(self, progress: bool | Progress = True, profile: bool = False) -> dict[str, Any]:
        """Learns to the end of the budget, then exports and evaluates the policy.

        Args:
          progress: whether to show it, or what shows it.
          profile: whether to profile some rounds for TensorBoard.

        Returns:
          What is written to `result.json`.

        Raises:
          EnvironmentFailed: an environment failed. The work of all whole rounds is kept, and the
            same run goes on from there.
          UserError: too few rounds are left to profile any.
        """
        if not isinstance(progress, Progress):
            progress = Progress(self.run.env, shown=progress)
        with self.opened, progress:
            if profile:
                self._check_rounds_to_profile()
            try:
                return self._train(progress, profile)
            except EnvironmentFailed as error:
                self.state.count_seconds()
                self._checkpoints.save()
                raise EnvironmentFailed(
                    f"{error}; the work of {self.collector.steps:,} steps is kept, and the same "
                    "command goes on from there once this is mended"
                ) from error

    def _train(self, progress: Progress, profile: bool) -> dict[str, Any]:
        without_steps = isinstance(self.collector, NoCollector)
        progress.begin(None if without_steps else self.run.total_steps, self._count())
        progress.phase("compiling")
        while self._goes_on():
            steps_before = self.collector.steps
            self._learn()
            progress.phase("")
            progress.advance(self._count())
            if profile:
                self._profile()
            if self._is_evaluation_due(steps_before) or not self._goes_on():
                progress.phase("evaluating")
                progress.evaluated(self._report(), self.evaluation.expert_return)
                progress.phase("")
        progress.phase("evaluating once more, and closely")
        return self._finish()

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
        for name, value in metrics.items():
            self._losses[name].append(value)
        self.state.rounds.assign_add(1)

    def _is_evaluation_due(self, steps_before: int) -> bool:
        every = self.reporting.evaluate_every or max(1, self.run.total_steps // 20)
        return self.collector.steps // every > steps_before // every

    def _report(self) -> dict[str, Any]:
        """Evaluates the policy, writes what was measured since the last time, exports and saves."""
        metrics, episodes = self._evaluate(self.reporting.evaluation_episodes, EVALUATION_SEED)
        metrics |= {name: float(np.mean(values)) for name, values in self._losses.items()}
        self._losses.clear()
        training_seconds = metrics["wall_seconds"] - metrics["evaluation_seconds"]
        speeds = {"speed/steps_per_second": self.collector.steps / training_seconds}
        self.folder.write_metrics(metrics, speeds)
        self.folder.tensorboard.write_returns(
            self.collector.steps, metrics, self.evaluation.expert_return
        )
        self._illustrate(episodes[0])
        self._export.write()
        self._tell_non_finite()
        self.state.count_seconds()
        self._checkpoints.save()
        return metrics

    def _evaluate(self, num_episodes: int, seed: int) -> tuple[dict[str, Any], list[Episode]]:
        started = time.perf_counter()
        self.collector.pause()
        measured, episodes = self.evaluation.evaluate(self.policy.deterministic, num_episodes, seed)
        self.state.evaluation_seconds.assign_add(time.perf_counter() - started)
        return {
            "env_steps": self.collector.steps,
            "wall_seconds": self.state.count_seconds(),
            "evaluation_seconds": float(self.state.evaluation_seconds),
            "non_finite_steps": self.collector.non_finite_steps,
            **measured,
        }, episodes

    def _illustrate(self, episode: Episode) -> None:
        """Shows the learner's histograms, and now and then a film of an episode."""
        started = time.perf_counter()
        tensorboard, steps = self.folder.tensorboard, self.collector.steps
        tensorboard.write_histograms(steps, self.learner.histograms(int(self.state.rounds)))
        if episode.seed is not None:
            self._filming.film(episode.seed, episode.actions, tensorboard, steps)
        self.state.evaluation_seconds.assign_add(time.perf_counter() - started)

    def _tell_non_finite(self) -> None:
        """Says that the simulator has diverged, if it has since the last time."""
        number = self.collector.non_finite_steps
        if number > self._reported_non_finite:
            tqdm.write(
                f"{self.run.env}: {number} of {self.collector.steps} steps gave observations that "
                "are not finite; their episodes were cut before them",
                file=sys.stderr,
            )
        self._reported_non_finite = number

    def _finish(self) -> dict[str, Any]:
        """Exports the policy, evaluates it once more and closely, and writes the result."""
        self._export.write()
        metrics, _ = self._evaluate(self.reporting.final_episodes, FINAL_SEED)
        expert_level = self.folder.first_reached(0.95) or {}
        result = {
            "env": self.run.env,
            "seed": self.run.seed,
            "num_trajectories": self._num_trajectories,
            "episodes": self.reporting.final_episodes,
            **metrics,
            "expert_return_mean": self.evaluation.expert_return,
            "expert_return_standard_error": self.evaluation.expert_standard_error,
            "random_return_mean": self.evaluation.random_return,
            "steps_to_95": expert_level.get("env_steps"),
            "seconds_to_95": expert_level.get("wall_seconds"),
        }
        self.folder.write_result(result)
        return result

    def _check_rounds_to_profile(self) -> None:
        left = (self.run.total_steps - self.collector.steps) // max(1, self.learner.steps_per_round)
        if left <= UNPROFILED_ROUNDS:
            raise UserError(
                f"`profile` starts after {UNPROFILED_ROUNDS} rounds, and {left} are left; "
                "leave it out, or raise `total_steps`"
            )

    def _profile(self) -> None:
        rounds = int(self.state.rounds) - self._first_round
        if rounds == UNPROFILED_ROUNDS:
            self.folder.tensorboard.start_profile()
        last = UNPROFILED_ROUNDS + PROFILED_ROUNDS
        if rounds == last or (UNPROFILED_ROUNDS < rounds < last and not self._goes_on()):
            self.folder.tensorboard.stop_profile()
