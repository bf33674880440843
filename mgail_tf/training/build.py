"""Puts a run together: which learner and which collector the settings ask for."""

from __future__ import annotations

import pathlib

import keras
import tensorflow as tf

from mgail_tf.algorithms.authors import AuthorsLoop
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.behavioural_cloning import BehaviouralCloning
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.algorithms.learner import Collector, Learner
from mgail_tf.algorithms.mgail import MGAIL
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.config import Config, Run
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.data.replay import Replay
from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.make import make_environment
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.envs.single import SingleEnvironment
from mgail_tf.initial_policy import take_over
from mgail_tf.networks.build import Encoders
from mgail_tf.training.checkpoints import RunState
from mgail_tf.training.collector import NoCollector, ParallelCollector
from mgail_tf.training.evaluation import Evaluation
from mgail_tf.training.run_folder import RunFolder
from mgail_tf.training.trainer import Trainer


def make_trainer(
    config: Config, demonstrations: Demonstrations, logdir: str | pathlib.Path
) -> Trainer:
    """The trainer of a run, ready to go on where the run folder's last checkpoint is.

    Args:
      config: the settings.
      demonstrations: what the expert did in `config.run.env`.
      logdir: the run folder; an unfinished run of the same settings that is there is resumed.

    Raises:
      UserError: `logdir` cannot be written, or holds a run of other settings; or the initial policy
        does not fit.
    """
    state = RunState()
    keras.utils.set_random_seed(config.run.seed)
    learner, collector = make_learner(config, demonstrations)
    initial_policy = config.run.initial_policy
    if initial_policy and not tf.train.latest_checkpoint(str(pathlib.Path(logdir, "checkpoints"))):
        take_over(initial_policy, learner.deployed_policy, learner.policies)
    folder = RunFolder(logdir, config)
    return Trainer(
        learner,
        collector,
        Evaluation(
            config.run.env, demonstrations.return_mean, demonstrations.return_standard_error
        ),
        folder,
        config.run,
        config.reporting,
        num_trajectories=demonstrations.num_trajectories,
        state=state,
    )


def make_learner(config: Config, demonstrations: Demonstrations) -> tuple[Learner, Collector]:
    """The learner that the settings ask for, and the collector that it acts with."""
    if isinstance(config.learner, MGAILOptions):
        return _mgail(config.learner, config.run, demonstrations)
    if isinstance(config.learner, AuthorsOptions):
        return _authors(config.learner, config.run, demonstrations)
    return _cloning(config.learner, config.run, demonstrations)


def _mgail(
    options: MGAILOptions, run: Run, demonstrations: Demonstrations
) -> tuple[Learner, Collector]:
    acting = options.acting
    encoders = _encoders(run, demonstrations, options.networks.observation_limit)
    learner = MGAIL(
        options,
        encoders,
        Replay.of(demonstrations, encoders, acting.segment_length),
        expert_termination_rate=demonstrations.termination_rate,
        seed=run.seed,
        total_steps=run.total_steps,
    )

    def wrap(env):
        return CutEpisodes(env, acting.mean_cut_length) if acting.mean_cut_length else env

    environments = ParallelEnvironments(run.env, acting.num_envs, run.seed, wrap)
    return learner, ParallelCollector(environments, run.seed)


def _authors(
    options: AuthorsOptions, run: Run, demonstrations: Demonstrations
) -> tuple[Learner, Collector]:
    environment = SingleEnvironment(run.env, run.seed)
    return AuthorsLoop(options, demonstrations, environment.action_space, run.seed), environment


def _cloning(
    options: CloningOptions, run: Run, demonstrations: Demonstrations
) -> tuple[Learner, Collector]:
    encoders = _encoders(run, demonstrations, options.observation_limit)
    pairs = Replay.of(demonstrations, encoders, 1)
    return BehaviouralCloning(options, encoders, pairs, seed=run.seed), NoCollector()


def _encoders(run: Run, demonstrations: Demonstrations, observation_limit: float) -> Encoders:
    space = make_environment(run.env).action_space
    return Encoders.of(
        demonstrations.observations, demonstrations.actions, space, observation_limit
    )
