"""One run of the real trainer, measured from outside, and its parts by themselves."""

from __future__ import annotations

from collections import Counter
import contextlib
import itertools
import resource
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium

from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.commands.starting import start
from mgail_tf.commands.stopwatch import Stopwatch
from mgail_tf.config import Config, LearnerOptions
from mgail_tf.errors import UserError
from mgail_tf.quiet import quiet
from mgail_tf.tasks import TASKS

if TYPE_CHECKING:
    from mgail_tf.training.trainer import Trainer  # It imports TensorFlow, which takes seconds.


class Moment(NamedTuple):
    """How far the run is.

    Attributes:
      time: seconds, of a clock that all processes share.
      steps: environment steps.
      calls: of the learner's methods, by name.
    """

    time: float
    steps: int
    calls: Counter[str]


def updates_of_calls(options: LearnerOptions) -> dict[str, dict[str, int]]:
    """How often a call of each of the learner's methods that update updates each network."""
    if isinstance(options, MGAILOptions):
        updates = options.updates
        return {
            "update": {
                "policy": updates.policy_updates,
                "discriminator": updates.discriminator_updates,
                "forward_model": updates.forward_model_updates,
            }
        }
    return {
        "update_with_policy": {"policy": 1, "forward_model": 1},
        "update_with_discriminator": {"discriminator": 1, "forward_model": 1},
    }


class Rounds:
    """Watches the rounds of a run that begins.

    The first round is a part of the start: it reads, imports and traces what was left. The rates
    are those from the first update of the policy on; before it, the authors' loop fills its buffer.

    Args:
      trainer: of an algorithm that has a policy, a discriminator and a forward model.
      updates: `updates_of_calls`.

    Attributes:
      stopwatch: what happened after the first round.
      first_ended: when it ended.
      evaluated_before: seconds of evaluation until then.
      number: of rounds.
      began, ended: the part of the run that the rates are of.
    """

    def __init__(self, trainer: Trainer, updates: dict[str, dict[str, int]]):
        self.stopwatch = Stopwatch()
        self.first_ended, self.evaluated_before, self.number = 0.0, 0.0, 0
        self._state = trainer.state
        learner: Any = trainer.learner
        collector: Any = trainer.collector
        self.began = self.ended = Moment(0.0, 0, Counter())
        for method in updates:
            self.stopwatch.watch(learner, method, "updates", first="tracing")
        environments = getattr(collector, "environments", collector)
        for method in "step", "reset", "reset_to":
            if hasattr(environments, method):
                self.stopwatch.watch(environments, method, "simulator")
        self.stopwatch.watch(learner, "learn", "rounds")
        [self._with_policy] = (method for method in updates if "policy" in updates[method])
        self._collector, learn = collector, learner.learn

        def learn_and_look(*arguments: Any) -> Any:
            metrics = learn(*arguments)
            self._look()
            return metrics

        learner.learn = learn_and_look

    def _look(self) -> None:
        calls = self.stopwatch.calls
        now = Moment(time.time(), self._collector.steps, calls.copy())
        self.number += 1
        if self.number == 1:
            self.first_ended = now.time
            self.evaluated_before = float(self._state.evaluation_seconds)
            self.stopwatch.seconds.clear()
        if calls[self._with_policy] and not self.began.calls:
            self.began = now
        self.ended = now


def measure(
    config: Config,
    started: float,
    *,
    evaluation_process: bool | None = None,
    seconds: float = 1.0,
) -> dict[str, Any]:
    """Runs the trainer, and then each of its parts by itself.

    Args:
      config: the settings.
      started: when the process started, by `time.time()`.
      evaluation_process: as of `start`.
      seconds: for how long each part is measured by itself.

    Returns:
      What JSON has of a run.

    Raises:
      UserError: see `start`; or the budget is too small for a round after the start.
    """
    updates = updates_of_calls(config.learner)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as opened:
        trainer = start(config, folder, opened, evaluation_process=evaluation_process)
        rounds = Rounds(trainer, updates)
        trainer.train(progress=False)
        wall = time.time() - started
    if not rounds.began.calls or rounds.ended.steps == rounds.began.steps:
        raise UserError(f"`total_steps={config.run.total_steps}`: leaves nothing but the start")
    process, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    spent = rounds.stopwatch.seconds
    parts = {
        "simulator": spent["simulator"],
        "updates": spent["updates"],
        "acting": spent["rounds"] - spent["simulator"] - spent["updates"] - spent["tracing"],
        "evaluation": float(trainer.state.evaluation_seconds),
        "start_up": rounds.first_ended - started - rounds.evaluated_before + spent["tracing"],
    }
    parts["elsewhere"] = wall - sum(parts.values())
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (process, children))
    return {
        **{name: getattr(config.run, name) for name in ("env", "preset", "seed", "total_steps")},
        "env_steps": trainer.collector.steps,
        "rounds": rounds.number,
        "wall_seconds": wall,
        "seconds": parts,
        "shares": {name: part / wall for name, part in parts.items()},
        "cores_busy": cpu / wall,
        "peak_memory_mib": {"process": _mib(process), "largest_child": _mib(children)},
        "bare_simulator_steps_per_second": bare_simulator(config.run.env, seconds),
        **_rates(trainer, rounds, updates, seconds),
    }


def _rates(
    trainer: Trainer, rounds: Rounds, updates: dict[str, dict[str, int]], seconds: float
) -> dict[str, Any]:
    """Steps and updates, and what they cost."""
    with quiet():
        from mgail_tf.commands import network_updates

    began, ended = rounds.began, rounds.ended
    steps, made = ended.steps - began.steps, Counter()
    for method, networks in updates.items():
        for network, times in networks.items():
            made[network] += times * (ended.calls[method] - began.calls[method])
    learner: Any = trainer.learner
    alone = network_updates.of(learner, rounds.stopwatch.last_arguments)
    with quiet():  # The profiler is an old one, and says so.
        counted = {
            name: network_updates.floating_point_operations(one) for name, one in alone.items()
        }
    mflop = {name: None if count is None else count / 1e6 for name, count in counted.items()}
    known = [value * made[name] for name, value in mflop.items() if value is not None]
    return {
        "steps_per_second": steps / (ended.time - began.time),
        "measured_steps": steps,
        "measured_updates": dict(made),
        "updates_per_second": {
            name: network_updates.updates_per_second(one, seconds) for name, one in alone.items()
        },
        "mflop_per_update": mflop,
        "mflop_per_step": sum(known) / steps if len(known) == len(mflop) else None,
    }


def bare_simulator(task: str, seconds: float) -> float:
    """Steps a second of gymnasium's environment alone, with random actions; resets included."""
    entry = TASKS[task]
    with contextlib.closing(
        gymnasium.make(entry.env_id, disable_env_checker=True, **entry.make_kwargs)
    ) as env:
        env.action_space.seed(0)
        actions = itertools.cycle([env.action_space.sample() for _ in range(1000)])
        env.reset(seed=0)
        steps, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            *_, terminated, truncated, _ = env.step(next(actions))
            steps += 1
            if terminated or truncated:
                env.reset()
    return steps / elapsed


def _mib(usage: resource.struct_rusage) -> float:
    """The peak of the memory that was in use."""
    # Linux counts in KiB, macOS in bytes.
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
