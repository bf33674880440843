"""Puts a run together: which learner and which collector the settings ask for."""

from __future__ import annotations

import contextlib
import functools
import pathlib
from typing import Any

import gymnasium
import keras
import numpy as np

from mgail_tf import extras, policy_origin
from mgail_tf.algorithms.authors import AuthorsLoop
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.behavioural_cloning import BehaviouralCloning
from mgail_tf.algorithms.cloned_start import start_from_clone
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.algorithms.learner import Collector, Learner, Metrics
from mgail_tf.algorithms.mgail import MGAIL
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.config import Config, LearnerOptions, Run
from mgail_tf.data import fingerprint, fitting
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.data.origin import Origin, of_environment
from mgail_tf.data.replay import Replay
from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.flattening import component_names, original_space
from mgail_tf.envs.instances import Workers
from mgail_tf.envs.make import make_environment
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.envs.single import SingleEnvironment
from mgail_tf.initial_policy import take_over
from mgail_tf.networks.build import Encoders
from mgail_tf.quiet import quiet
from mgail_tf.training import checkpoints, divergence, run_folder
from mgail_tf.training.action_bounds import share_at_bounds
from mgail_tf.training.collector import NoCollector, ParallelCollector
from mgail_tf.training.evaluation import Evaluation
from mgail_tf.training.evaluation_process import EvaluationProcess
from mgail_tf.training.evaluators import Evaluator, InTurn
from mgail_tf.training.imitation_distance import ImitationDistance
from mgail_tf.training.reporter import Expert, Reporter
from mgail_tf.training.run_folder import RunFolder
from mgail_tf.training.run_state import RunState
from mgail_tf.training.trainer import Trainer


def make_trainer(
    config: Config,
    demonstrations: Demonstrations,
    logdir: str | pathlib.Path,
    env_processes: int = 0,
    evaluation_process: EvaluationProcess | None = None,
) -> Trainer:
    """The trainer of a run, ready to go on where the run folder's last checkpoint is.

    Args:
      config: the settings.
      demonstrations: what the expert did in `config.run.env`.
      logdir: the run folder; a run of the same settings that is there is resumed; see
        `run_folder.check` for what may be another.
      env_processes: worker processes that step the environments, of a slow simulator for example;
        0: none, everything is in this process. It changes nothing but the speed.
      evaluation_process: evaluates while training goes on. Without it, or where one environment may
        be open at a time, evaluations are in turn with training. The figures are the same.

    Raises:
      UserError: `logdir` cannot be written, or holds a run or checkpoints of other settings; or the
        demonstrations or the initial policy do not fit.
      Diverged: the cloning that learning would begin with is not finite.
    """
    data = fingerprint.of(*demonstrations._replace(origin=None))
    state = RunState(run_folder.identity(config, data))
    run_folder.check(logdir, config, data)
    is_new = not checkpoints.numbers(pathlib.Path(logdir, "checkpoints"))
    # Before others are open, because there may be room for one environment only.
    with contextlib.closing(make_environment(config.run.env)) as env:
        _check_demonstrations(demonstrations, env)
        if is_new:
            _check_initial_policy(config.run, env)
        origin = _origin(demonstrations, env)
        action_space, observation_space = env.action_space, original_space(env)
    distance = ImitationDistance(demonstrations, action_space)
    keras.utils.set_random_seed(config.run.seed)
    with contextlib.ExitStack() as opened:
        workers = None
        if env_processes:
            workers = opened.enter_context(contextlib.closing(Workers(env_processes)))
        learner, collector = make_learner(config, demonstrations, workers)
        about_start = begin(learner, config) if is_new else {}
        divergence.check(about_start, "the cloning that learning begins with")
        evaluator = _evaluator(
            evaluation_process,
            one_at_a_time=is_one_at_a_time(config.learner),
            env_processes=env_processes,
            workers=workers,
            env_name=config.run.env,
            expert_return=demonstrations.return_mean,
            expert_standard_error=demonstrations.return_standard_error,
            distance=distance,
        )
        opened.callback(collector.close)
        folder = RunFolder(logdir, config, data)
        learner.deployed_policy.origin = origin.to_json()
        expert = Expert(
            demonstrations.num_trajectories,
            demonstrations.return_mean,
            demonstrations.return_standard_error,
            float(np.mean(demonstrations.lengths)),
            demonstrations.terminations / len(demonstrations.lengths),
            share_at_bounds(demonstrations.actions, action_space),
            component_names(observation_space),
        )
        run, reporting = config.run, config.reporting
        reporter = Reporter(learner, collector, evaluator, folder, run, reporting, expert, state)
        reporter.add(about_start)
        trainer = Trainer(learner, collector, reporter, folder, run, reporting, state)
        trainer.opened = opened.pop_all()
        return trainer


def is_one_at_a_time(options: LearnerOptions) -> bool:
    """Whether no two environments may be open at a time; training makes room for evaluations."""
    group = options.acting if isinstance(options, MGAILOptions) else options
    return group.num_envs == 1


def _evaluator(
    process: EvaluationProcess | None,
    *,
    one_at_a_time: bool,
    env_processes: int,
    workers: Workers | None,
    **settings: Any,
) -> Evaluator:
    """What evaluates: the process, where there may be more than one environment."""
    if process is None or one_at_a_time:
        evaluation = Evaluation(**settings, num_envs=int(one_at_a_time), workers=workers)
        return InTurn(evaluation)
    process.prepare(**settings, env_processes=env_processes)
    return process


def _check_demonstrations(demonstrations: Demonstrations, env: gymnasium.Env) -> None:
    """Checks what a run is to learn from.

    Raises:
      UserError: it is of an environment with other observations or actions.
    """
    of = "the demonstrations'"
    fitting.values_of(env.observation_space, demonstrations.observations, f"{of} observations")
    fitting.values_of(env.action_space, demonstrations.actions, f"{of} actions")


def _check_initial_policy(run: Run, env: gymnasium.Env) -> None:
    """Checks the policy that a run is to begin with.

    Raises:
      UserError: it is of another environment.
    """
    if run.initial_policy:
        policy_origin.check(
            run.initial_policy,
            env,
            accept_mismatch=run.accept_mismatch,
            name=f"`initial_policy` {run.initial_policy}",
        )


def _origin(demonstrations: Demonstrations, env: gymnasium.Env) -> Origin:
    """Where a policy comes from that learns from these demonstrations in this environment."""
    learned = demonstrations.origin or Origin()
    return of_environment(env)._replace(fingerprint=learned.fingerprint, measured=learned.measured)


def begin(learner: Learner, config: Config) -> Metrics:
    """Gives the policy of a new run the weights that it begins with, unless these are random.

    Returns:
      How well cloning went, where it starts from a clone.
    """
    if config.run.initial_policy:
        take_over(config.run.initial_policy, learner.deployed_policy, learner.policies)
    elif isinstance(config.learner, MGAILOptions) and config.learner.updates.cloned_start:
        assert isinstance(learner, MGAIL)  # Its options tell.
        parts = learner.policies, learner.encoders, learner.demonstrated
        return start_from_clone(*parts, config.run.seed)
    return {}


def make_learner(
    config: Config, demonstrations: Demonstrations, workers: Workers | None = None
) -> tuple[Learner, Collector]:
    """The learner that the settings ask for, and the collector that it acts with."""
    if isinstance(config.learner, MGAILOptions):
        return _mgail(config.learner, config.run, demonstrations, workers)
    if isinstance(config.learner, AuthorsOptions):
        return _authors(config.learner, config.run, demonstrations)
    if isinstance(config.learner, GAILOptions):
        return _gail(config.learner, config.run, demonstrations, workers)
    return _cloning(config.learner, config.run, demonstrations)


def _mgail(
    options: MGAILOptions, run: Run, demonstrations: Demonstrations, workers: Workers | None
) -> tuple[Learner, Collector]:
    acting = options.acting
    encoders = _encoders(run, demonstrations, options.networks.observation_limit)
    learner = MGAIL(
        options,
        encoders,
        Replay.of(demonstrations, encoders, acting.segment_length),
        expert_termination_rate=demonstrations.termination_rate,
        termination_is_goal=demonstrations.always_terminate,
        seed=run.seed,
        total_steps=run.total_steps,
    )
    wrapper = None
    if acting.mean_cut_length:
        wrapper = functools.partial(CutEpisodes, mean_length=acting.mean_cut_length)
    environments = ParallelEnvironments(run.env, acting.num_envs, run.seed, wrapper, workers)
    return learner, ParallelCollector(environments, run.seed)


def _authors(
    options: AuthorsOptions, run: Run, demonstrations: Demonstrations
) -> tuple[Learner, Collector]:
    action_space, observation_space = _spaces(run.env)
    learner = AuthorsLoop(
        options, demonstrations, action_space, run.seed, observation_space=observation_space
    )
    return learner, SingleEnvironment(run.env, run.seed)


def _cloning(
    options: CloningOptions, run: Run, demonstrations: Demonstrations
) -> tuple[Learner, Collector]:
    encoders = _encoders(run, demonstrations, options.observation_limit)
    pairs = Replay.of(demonstrations, encoders, 1)
    return BehaviouralCloning(options, encoders, pairs, seed=run.seed), NoCollector()


def _gail(
    options: GAILOptions, run: Run, demonstrations: Demonstrations, workers: Workers | None
) -> tuple[Learner, Collector]:
    with extras.needed("GAIL", "gail"), quiet():
        from mgail_tf.algorithms.gail import GAIL

    encoders = _encoders(run, demonstrations, options.observation_limit)
    learner = GAIL(
        options,
        encoders,
        Replay.of(demonstrations, encoders, 1),
        termination_is_goal=demonstrations.always_terminate,
        seed=run.seed,
        total_steps=run.total_steps,
    )
    environments = ParallelEnvironments(run.env, options.num_envs, run.seed, None, workers)
    return learner, ParallelCollector(environments, run.seed)


def _encoders(run: Run, demonstrations: Demonstrations, observation_limit: float) -> Encoders:
    action_space, observation_space = _spaces(run.env)
    return Encoders.of(
        demonstrations.observations,
        demonstrations.actions,
        action_space,
        observation_limit,
        observation_space,
    )


def _spaces(env_name: str) -> tuple[gymnasium.Space, gymnasium.Space]:
    """The spaces of actions, and of observations before they are flattened."""
    with contextlib.closing(make_environment(env_name)) as env:
        return env.action_space, original_space(env)
