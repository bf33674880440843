"""Trains a policy from demonstrations: --env Hopper."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re
import sys
import types
import typing
from typing import TYPE_CHECKING, Any

from absl import flags

from mgail_tf import config as configs
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.commands import command_line
from mgail_tf.commands.starting import start
from mgail_tf.training import profiled_rounds, run_folder, stopping
from mgail_tf.training.progress import Progress

if TYPE_CHECKING:
    from mgail_tf.training.trainer import Trainer  # It imports TensorFlow, which takes seconds.

# What a newcomer needs, by the question that it answers; --help shows these.
SECTIONS = {
    "What to imitate": ("env", "expert_data", "num_trajectories", "subsample", "accept_mismatch"),
    "How to learn": ("algorithm", "preset", "total_steps", "seed", "initial_policy"),
    "Where it goes": ("logdir", "export", "profile", "check"),
    "Which processes": ("env_processes", "evaluation_process"),
    "How often to look": ("evaluate_every", "evaluation_episodes", "final_episodes", "film_every"),
    "How often to save": ("checkpoint_minutes",),
}


def _groups() -> dict[str, list[type]]:
    """All groups of options, by what their section of the long help is called."""
    groups: dict[str, list[type]] = {"Every run": [configs.Run, configs.Reporting]}
    for name, options in configs.LEARNERS.values():
        groups[name] = list(configs.option_groups(options).values())
    return groups


def _define_flags() -> dict[str, flags.FlagHolder]:
    """A flag for each option; algorithms share those of the same name."""
    define: dict[Any, Any] = {
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_boolean,
        str: flags.DEFINE_string,
        tuple[int, ...]: flags.DEFINE_list,
    }
    holders = {}
    for group in (group for groups in _groups().values() for group in groups):
        hints = typing.get_type_hints(group)
        for field in dataclasses.fields(group):
            hint = hints[field.name]
            kind = str if isinstance(hint, types.UnionType) else hint
            if field.name not in holders:
                holders[field.name] = define[kind](field.name, None, field.metadata["help"])
    return holders


FLAGS = _define_flags()
LOGDIR = flags.DEFINE_string("logdir", None, "run folder (default: runs/ENV-SEED); again: resumes")
ENV_PROCESSES = flags.DEFINE_integer(
    "env_processes",
    0,
    "worker processes that step the environments of a slow simulator; 0: none",
    lower_bound=0,
)
EVALUATION_PROCESS = flags.DEFINE_boolean(
    "evaluation_process",
    None,
    "evaluate in a process of its own while training goes on (default: where there is a second "
    "core)",
)
CHECK = flags.DEFINE_boolean("check", False, "say what is understood of data and environment only")
PROFILE = flags.DEFINE_boolean("profile", False, "profile ten rounds of training, for TensorBoard")
flags.mark_flag_as_required("env")


def short_help() -> str:
    """The flags that a newcomer needs, in sections."""
    fields = {
        field.name: field
        for group in (configs.Run, configs.Reporting)
        for field in dataclasses.fields(group)
    }
    lines = ["Trains a policy that behaves like the expert of some demonstrations.", ""]
    lines += ["  python run/main.py --env Hopper", ""]
    for title, names in SECTIONS.items():
        lines.append(f"{title}:")
        for name in names:
            if name in fields:
                lines.append(command_line.describe(fields[name]))
            else:
                lines.append(f"  --{name}: {flags.FLAGS[name].help}")
        lines.append("")
    return "\n".join([*lines, "--helpfull shows every option of every algorithm."])


def long_help() -> str:
    """Every flag, by algorithm and group."""
    lines = [short_help(), ""]
    for name, groups in list(_groups().items())[1:]:
        lines.append(f"Options of {name}")
        for group in groups:
            lines += ["", f"  {(group.__doc__ or '').splitlines()[0]}"]
            lines += [command_line.describe(field) for field in dataclasses.fields(group)]
        lines.append("")
    return command_line.with_flags("\n".join(lines))


def settings() -> dict[str, Any]:
    """The options that were given as flags.

    Raises:
      UserError: a list of numbers has something else in it.
    """
    given = {name: flag.value for name, flag in FLAGS.items() if flag.value is not None}
    return {
        name: command_line.parse_integers(name, value) if isinstance(value, list) else value
        for name, value in given.items()
    }


def main() -> None:
    given = settings()
    config = configs.make(**given)
    run = config.run

    if CHECK.value:
        from mgail_tf.commands import checking

        return checking.check(run)

    with Progress(run.env) as progress, contextlib.ExitStack() as opened:
        # Until a round is whole there is nothing to finish.
        with stopping.at_once():
            trainer = _trainer(config, given, progress, opened)
        stop = stopping.Stop()
        with stopping.listening(stop):
            result = trainer.train(progress, PROFILE.value, stop)
    from mgail_tf.commands.how_it_went import how_it_went
    from mgail_tf.commands.next_steps import next_steps  # Its environments take a second, too.

    lines = trainer.folder.metrics()
    print(how_it_went(result, lines[0] if len(lines) > 1 else None))
    print()
    print(next_steps(run.env, _logdir(run)))


def _logdir(run: configs.Run) -> pathlib.Path:
    """The run folder."""
    return pathlib.Path(LOGDIR.value or f"runs/{re.sub('[/:]', '-', run.env)}-{run.seed}")


def _trainer(
    config: configs.Config,
    given: dict[str, Any],
    progress: Progress,
    opened: contextlib.ExitStack,
) -> Trainer:
    """What trains. What is opened is closed with `opened`."""
    run = config.run
    if PROFILE.value and isinstance(config.learner, MGAILOptions):
        left = run.total_steps - run_folder.steps_taken(_logdir(run))
        profiled_rounds.check(left, config.learner.acting.steps_per_round)
    trainer = start(
        config,
        _logdir(run),
        opened,
        progress,
        env_processes=ENV_PROCESSES.value,
        evaluation_process=EVALUATION_PROCESS.value,
    )
    if run.expert_data and run.num_trajectories and "num_trajectories" not in given:
        print(
            f"taking {run.num_trajectories} trajectories of {run.expert_data}, as the paper for "
            f"{run.env}; --num_trajectories=0 takes all",
            file=sys.stderr,
        )
    return trainer


def program() -> None:
    """The console command."""
    command_line.run(main, short_help, long_help)
