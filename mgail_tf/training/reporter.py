"""Has the policy evaluated now and then, and writes what was measured."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
import math
import pathlib
import sys
import time
from typing import Any, NamedTuple

from tqdm import tqdm

from mgail_tf.algorithms.distance import Distance
from mgail_tf.algorithms.learner import Collector, Learner
from mgail_tf.config import Reporting, Run
from mgail_tf.counting import count
from mgail_tf.errors import UserError
from mgail_tf.seeds import CHOICE_SEED, EVALUATION_SEED, FINAL_SEED
from mgail_tf.training import verdict
from mgail_tf.training.evaluation import Findings, Order
from mgail_tf.training.evaluators import Evaluator
from mgail_tf.training.export import Export
from mgail_tf.training.finalists import Finalist, choose
from mgail_tf.training.progress import Progress
from mgail_tf.training.run_folder import RunFolder
from mgail_tf.training.run_state import RunState
from mgail_tf.training.tensorboard import encode_histograms

# Of a policy whose distance is not known.
FAR = Distance(math.inf, math.inf)


class Expert(NamedTuple):
    """What is imitated.

    Attributes:
      num_trajectories: number of demonstrated trajectories.
      return_mean, return_standard_error: of their returns; None where unknown.
      length_mean: of their numbers of steps.
      terminated: the part of them that the task ended, not a time limit.
      at_bounds: the part of their actions that is at the bounds; None where there are none.
      observed: names of the observations' components.
    """

    num_trajectories: int
    return_mean: float | None
    return_standard_error: float | None
    length_mean: float
    terminated: float
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
        self._reported_non_finite = 0
        self._film_every = reporting.film_every
        self._coming: Future[Findings] | None = None

    def resume(self) -> None:
        """Takes up the run folder where the restored state was."""
        waiting, evaluations = self._state.waiting, int(self._state.evaluations)
        if waiting.line is not None and waiting.random_distance is None:
            evaluations -= 1  # There is more to be found than a line tells.
        self._folder.forget_after(evaluations, self._collector.steps)
        lines = self._folder.metrics()
        missing = evaluations - (waiting.line is not None) - len(lines)
        if missing > 0:
            raise UserError(
                f"{self._folder.saved_model.with_name('metrics.jsonl')} lacks "
                f"{count(missing, 'line')} of what was evaluated before; bring them back, or "
                "choose another `logdir`"
            )
        if waiting.line is None:
            return
        if lines and lines[-1]["env_steps"] == waiting.line["env_steps"]:
            self._evaluated(lines[-1])
        else:
            self._export.write(waiting.weights)
            self.evaluate()

    def add(self, losses: Mapping[str, float]) -> None:
        """Remembers what a round of learning returned; the means are reported."""
        self._state.losses.add(losses)

    def begin(self, progress: Progress) -> None:
        """Exports the policy as it is now, and begins a line of the metrics, which waits.

        The run is to be saved then, before `evaluate` is called.
        """
        self.conclude(progress)
        waiting, state = self._state.waiting, self._state
        means = state.losses.take()
        waiting.line = self._times() | means
        if rounds := int(state.rounds):
            waiting.histograms = encode_histograms(self._learner.histograms(rounds))
        self._tell_non_finite()
        for doubt in state.doubts.arising(means, self._learner.weights):
            tqdm.write(f"{self._run.env}: {doubt}", file=sys.stderr)
        evaluations = int(state.evaluations)
        waiting.film = bool(
            evaluations and self._film_every and evaluations % self._film_every == 0
        )
        state.evaluations.assign_add(1)
        self._learner.evaluating()
        state.rounds_evaluated.assign(rounds)
        state.steps_evaluated.assign(self._collector.steps)
        self._export.write()
        waiting.weights = self._export.weights()
        waiting.digest = self._learner.deployed_policy.digest()
        self._collector.pause()

    def evaluate(self) -> None:
        """Has the policy evaluated whose line waits."""
        film = self._state.waiting.film
        self._submit(self._reporting.evaluation_episodes, EVALUATION_SEED, film)

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
        findings, waiting = self._wait(), self._state.waiting
        line = waiting.line
        assert line is not None
        steps, tensorboard = line["env_steps"], self._folder.tensorboard
        training_seconds = line["wall_seconds"] - line["evaluation_seconds"]
        speeds = {"speed/steps_per_second": steps / training_seconds if training_seconds else 0.0}
        # Returns come first, losses last.
        times = {name: line[name] for name in self._times()}
        metrics = times | findings.measured | line
        expert = {
            "imitation_distance": findings.levels["imitation_distance_of_demonstrations"],
            "return_mean": self._expert.return_mean,
            "normalized_return": None if self._expert.return_mean is None else 1.0,
        }
        tensorboard.write_histograms(steps, waiting.histograms)
        tensorboard.write_levels(steps, findings.measured, expert)
        if findings.film:
            tensorboard.write_animation("episode", steps, findings.film)
        # The last of all: where the line is, the rest is, too.
        self._folder.write_metrics(metrics, speeds)
        waiting.random_distance = findings.levels["imitation_distance_of_random_policy"]
        waiting.distance_tells = not verdict.demonstrations_vary(findings.levels)
        self._evaluated(metrics)
        if findings.no_film:
            tqdm.write(f"TensorBoard will show no episodes: {findings.no_film}", file=sys.stderr)
            self._film_every = 0
        progress.evaluated(metrics, self._expert.return_mean)

    def finish(self) -> dict[str, Any]:
        """Exports a policy, and writes what a close look has found.

        It is the closest, or the last where that is asked or where distances do not tell.
        """
        self._collector.pause()
        finalists = self._state.finalists.policies
        steps, distances = self._collector.steps, [each.distance for each in finalists]
        if self._reporting.export == "closest" and finalists:
            if len(finalists) > 1 and self._state.finalists.may_hide_falls:
                distances = self._look_closely(finalists)
            chosen = finalists[choose(distances)]
            steps = chosen.env_steps
            self._export.write(chosen.weights)
        else:
            self._export.write()
        self._submit(self._reporting.final_episodes, FINAL_SEED)
        findings = self._wait()
        random_distance = self._state.waiting.random_distance or 0.0
        expert_level = self._folder.first_reached(0.95) or {}
        result = {
            "env": self._run.env,
            "seed": self._run.seed,
            "num_trajectories": self._expert.num_trajectories,
            "episodes": self._reporting.final_episodes,
            **self._times(),
            "export": self._reporting.export,
            "exported_env_steps": steps,
            "finalists": [
                {
                    "env_steps": each.env_steps,
                    "imitation_distance": distance.whole * random_distance,
                }
                for each, distance in zip(finalists, distances, strict=True)
            ],
            **findings.measured,
            "expert_return_mean": self._expert.return_mean,
            "expert_return_standard_error": self._expert.return_standard_error,
            "expert_length_mean": self._expert.length_mean,
            "expert_terminated": self._expert.terminated,
            "expert_at_bounds": self._expert.at_bounds,
            **findings.levels,
            "steps_to_95": expert_level.get("env_steps"),
            "seconds_to_95": expert_level.get("wall_seconds"),
        }
        telltale = [self._expert.observed[index] for index in findings.telltale]
        doubts = list(self._state.doubts.told.values())
        went = verdict.judge(verdict.Course(self._folder.metrics(), result, telltale, doubts))
        result |= {"level": went.level, "verdict": went.sentences}
        self._folder.tensorboard.write_text("verdict", self._collector.steps, went.sentences)
        self._folder.write_result(result)
        return result

    def _look_closely(self, finalists: Sequence[Finalist]) -> list[Distance]:
        """The distances of policies, from more episodes and other starts than before."""
        distances, episodes = [], self._reporting.final_episodes
        if not self._folder.saved_model.exists():
            self._export.write()
        with self._export.beside() as write:
            for each in finalists:
                self._submit(episodes, CHOICE_SEED, saved_model=write(each.weights))
                found = self._state.waiting.distance(self._wait().measured)
                distances.append(found or FAR)
        return distances

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
        film: bool = False,
        saved_model: pathlib.Path | None = None,
    ) -> None:
        """Has the exported policy evaluated, or another."""
        started = time.perf_counter()
        order = Order(saved_model or self._folder.saved_model, num_episodes, seed, film)
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

    def _evaluated(self, metrics: Mapping[str, Any]) -> None:
        """Considers the policy that was evaluated for export; its line is written."""
        waiting = self._state.waiting
        distance = waiting.distance(metrics)
        self._state.finalists.consider(
            distance, metrics["env_steps"], waiting.weights, waiting.digest
        )
        waiting.untold = distance
        waiting.clear()

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
