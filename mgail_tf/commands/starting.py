"""Starts a run: everything between its settings and the first round of learning."""

from __future__ import annotations

import contextlib
import os
import pathlib
from typing import TYPE_CHECKING

from mgail_tf import extras
from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.config import Config
from mgail_tf.quiet import quiet
from mgail_tf.training.progress import Progress

if TYPE_CHECKING:
    from mgail_tf.training.trainer import Trainer  # It imports TensorFlow, which takes seconds.


def start(
    config: Config,
    logdir: str | pathlib.Path,
    opened: contextlib.ExitStack,
    progress: Progress | None = None,
    *,
    env_processes: int = 0,
    evaluation_process: bool | None = None,
) -> Trainer:
    """The trainer of a run; everything that is wrong with its settings or its data is told first.

    Args:
      config: the settings.
      logdir: the run folder.
      opened: closes what the run has opened, once it is over.
      progress: shows what is being done.
      env_processes: as of `make_trainer`.
      evaluation_process: whether evaluations have a process of their own; None: where there is a
        second core.

    Raises:
      UserError: a library is missing; or see `run_folder.check`, `demonstrations.load` and
        `make_trainer`.
    """
    progress = progress or Progress(config.run.env, shown=False)
    if isinstance(config.learner, GAILOptions):
        extras.check("GAIL", "gail", "sb3_contrib")
    progress.phase("reading the demonstrations")
    # TensorFlow takes seconds to import; what is wrong with settings or data is told before.
    from mgail_tf import policy_files
    from mgail_tf.commands import run_demonstrations
    from mgail_tf.data import experts
    from mgail_tf.training import run_folder, run_lock
    from mgail_tf.training.evaluation_process import EvaluationProcess, number_of_cores

    run = config.run
    run_folder.check(logdir, config)
    # An environment may change the working directory.
    logdir = pathlib.Path(logdir).absolute()
    opened.enter_context(run_lock.hold(logdir))
    if run.initial_policy:
        policy_files.find(run.initial_policy)
    process = None
    if number_of_cores() > 1 if evaluation_process is None else evaluation_process:
        # It imports TensorFlow while this process reads the demonstrations and does so, too.
        process = opened.enter_context(contextlib.closing(EvaluationProcess()))
        # TensorFlow would take all cores, one of which is the evaluation's.
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(number_of_cores() - 1))
    dataset = run.expert_data or experts.demonstrations(run.env, run.num_trajectories)
    demonstrated = run_demonstrations.load(dataset, run)
    progress.phase("loading TensorFlow")
    with quiet():
        import tensorflow as tf

        from mgail_tf.training.build import make_trainer

    # It fuses a product with what follows; for products as small as ours that takes a tenth longer.
    tf.config.optimizer.set_experimental_options({"remapping": False})

    progress.phase("building the networks")
    return make_trainer(config, demonstrated, logdir, env_processes, process)
