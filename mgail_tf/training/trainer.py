"""Algorithm 1: act, store, update the three networks; within a budget of environment steps."""

import collections
import time

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from mgail_tf.algorithms.mgail import MGAIL
from mgail_tf.data.replay import Replay, Segment
from mgail_tf.deployed_policy import DeployedPolicy
from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.demonstrated_starts import DemonstratedStarts, is_possible
from mgail_tf.envs.make import make_environment
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.errors import UserError
from mgail_tf.networks import encoding
from mgail_tf.training.evaluation import EVALUATION_SEED, FINAL_SEED, Evaluation
from mgail_tf.training.illustrations import Filming, compare
from mgail_tf.training.progress import Progress
from mgail_tf.training.run_folder import RunFolder


class Trainer:
    """Imitates demonstrations in a gymnasium environment.

    Args:
      config: `config.Config`.
      demonstrations: `demonstrations.Demonstrations` of `config.env`.
      logdir: the run folder; a run of the same configuration that is there is resumed.

    Attributes:
      policy: `DeployedPolicy` of the averaged weights, the one that is evaluated and exported.

    Raises:
      UserError: `logdir` cannot be written, or holds a run of another configuration.
    """

    def __init__(self, config, demonstrations, logdir):
        keras.utils.set_random_seed(config.seed)
        self.config, self.folder = config, RunFolder(logdir, config)
        self._filming = Filming(config.env, config.film_every)
        observations, actions = demonstrations.observations, demonstrations.actions
        space = make_environment(config.env).action_space
        self.observations = encoding.ObservationEncoder(
            observations.mean(0), observations.std(0), config.observation_limit
        )
        self.actions = encoding.action_encoder(space, actions.mean(0), actions.std(0))
        self.evaluation = Evaluation(config.env, demonstrations.return_mean)
        self._num_trajectories = demonstrations.num_trajectories

        steps_per_round = config.num_envs * config.segment_length
        self.rounds = config.total_steps // steps_per_round
        evaluate_every = config.evaluate_every or config.total_steps // 20
        self.evaluate_every = max(1, evaluate_every // steps_per_round)
        self.learner = MGAIL(
            config,
            self.actions,
            self.observations.size,
            demonstrations.termination_rate,
            self.rounds,
        )
        replay_steps = min(config.replay_steps, config.total_steps)
        self.replay = Replay(
            replay_steps // steps_per_round * config.segment_length,
            config.num_envs,
            self.observations.size,
            self.actions.size,
        )
        segment = self._segment(
            observations,
            actions,
            np.zeros([len(actions), self.actions.size], np.float32),
            demonstrations.next_observations,
            demonstrations.terminated,
            demonstrations.ended,
        )
        # Segments of a single pair and a tail that does not count need something behind them.
        repeats = -(-config.segment_length // len(actions))
        segment = tf.nest.map_structure(lambda values: tf.concat([values] * repeats, 0), segment)
        self.demonstrated = Replay(
            repeats * len(actions), 1, self.observations.size, self.actions.size
        )
        self.demonstrated.push(tf.nest.map_structure(lambda values: values[:, None], segment))
        self.policy = DeployedPolicy(self.learner.average_policy, self.observations, self.actions)
        self.environments = ParallelEnvironments(
            config.env, config.num_envs, config.seed, self._wrapper(observations)
        )
        self.round, self.training_seconds, self.evaluation_seconds = 0, 0.0, 0.0
        self._checkpoint = tf.train.Checkpoint(
            learner=self.learner,
            replay=self.replay,
            environments=self.environments,
            progress=Progress(self),
        )
        self._checkpoints = tf.train.CheckpointManager(
            self._checkpoint, str(self.folder.checkpoints), max_to_keep=1
        )
        if self._checkpoints.latest_checkpoint:
            self._restore(self._checkpoints.latest_checkpoint)
        self.folder.forget_metrics_after(self.env_steps)

    def _restore(self, checkpoint):
        try:
            self._checkpoint.restore(checkpoint).assert_consumed()
        except Exception as error:  # Whatever TensorFlow raises, the file is at fault.
            raise UserError(
                f"{checkpoint} is damaged ({error}); choose another --logdir"
            ) from error

    def _wrapper(self, demonstrated):
        """What is put around each environment that the agent acts in."""
        share, mean_steps = self.config.demonstrated_starts, self.config.cut_after

        def wrap(env):
            if share and is_possible(env):
                env = DemonstratedStarts(env, demonstrated, share)
            return CutEpisodes(env, mean_steps) if mean_steps else env

        return wrap

    @property
    def env_steps(self):
        """Environment steps taken so far, evaluations apart."""
        return self.round * self.config.num_envs * self.config.segment_length

    def train(self, progress=True, profile=False):
        """Runs Algorithm 1 to the end of the budget, then evaluates and exports the policy.

        Args:
          progress: whether to show a progress bar.
          profile: whether to profile some rounds for TensorBoard.

        Returns:
          What is written to `result.json`, a dict.

        Raises:
          UserError: too few rounds are left to profile any.
        """
        if profile and self.rounds - self.round < 6:
            raise UserError(
                f"--profile starts with the sixth round, and {self.rounds - self.round} are left; "
                "leave it out, or raise --total_steps in another --logdir"
            )
        config = self.config
        updates = (
            config.policy_updates + config.discriminator_updates + config.forward_model_updates
        )
        losses = collections.defaultdict(list)
        bar = tqdm(
            total=config.total_steps, initial=self.env_steps, unit="step", disable=not progress
        )
        bar.set_description(config.env)
        first = self.round
        while self.round < self.rounds:
            started = time.perf_counter()
            arguments = *self.collect(), *self._turn()
            for name, value in self.update(*arguments).items():
                losses[name].append(float(value))
            if self.round == 0:
                graph = self.update.get_concrete_function(*arguments).graph
                self.folder.tensorboard.write_graph(graph)
            self.round += 1
            self.training_seconds += time.perf_counter() - started
            bar.update(self.env_steps - bar.n)
            if profile:
                self._profile(first)
            if self.round % self.evaluate_every == 0 or self.round == self.rounds:
                metrics, played = self.evaluate(config.evaluation_episodes, EVALUATION_SEED)
                metrics |= {name: float(np.mean(values)) for name, values in losses.items()}
                losses.clear()
                rate = self.env_steps / self.training_seconds
                self.folder.write_metrics(metrics, {"speed/steps_per_second": rate})
                self._illustrate(played[0])
                self._checkpoints.save()
                bar.set_postfix_str(
                    f"return {metrics['return_mean']:.0f}, "
                    f"{updates * self.round / self.training_seconds:.0f} updates/s"
                )
        bar.close()
        return self._finish()

    @tf.function
    def act(self, observation, seed):
        """Takes one action in each environment.

        Args:
          observation: [num_envs, observation_size] as the environments give them.
          seed: [2] integers.

        Returns:
          The environments' actions [num_envs, ...], and the noise xi that they were taken with.
        """
        policy = self.learner.policy
        noise = policy.noise.sample([self.config.num_envs, self.actions.size], seed=seed)
        return self.actions.decode(
            policy.sample(self.observations.encode(observation), noise)
        ), noise

    def collect(self):
        """Acts for a segment in every environment: Algorithm 1, lines 3-6.

        Returns:
          The fields of a `Segment`, [segment_length, num_envs, ...], not yet encoded.
        """
        steps = []
        length = self.config.segment_length
        for step in range(self.round * length, (self.round + 1) * length):
            observation = self.environments.observation
            seed = np.array([self.config.seed, step], np.int32)
            action, noise = (value.numpy() for value in self.act(observation, seed))
            steps.append((observation, action, noise, *self.environments.step(action)))
        return [np.stack(field) for field in zip(*steps, strict=True)]

    def _turn(self):
        """Whether it is the discriminator's turn in this round, and whether the policy's."""
        if self.round < self.config.preparation_rounds:
            return True, False
        if not self.config.block_rounds:
            return True, True
        block = (self.round - self.config.preparation_rounds) // self.config.block_rounds
        return block % 2 == 0, block % 2 == 1

    @tf.function
    def update(
        self,
        observation,
        action,
        noise,
        next_observation,
        terminated,
        ended,
        with_discriminator,
        with_policy,
    ):
        """Stores a segment and does a whole round of updates: Algorithm 1, lines 7-14."""
        self.replay.push(
            self._segment(observation, action, noise, next_observation, terminated, ended)
        )
        return self.learner.update(self.replay, self.demonstrated, with_discriminator, with_policy)

    def _segment(self, observation, action, noise, next_observation, terminated, ended):
        """Encodes what happened, [..., ...], as the networks see it."""
        return Segment(
            self.observations.encode(observation),
            self.actions.encode(action),
            noise,
            self.observations.encode(next_observation),
            tf.cast(terminated, tf.float32),
            tf.cast(ended, tf.float32),
        )

    def evaluate(self, episodes, seed):
        """Measures the averaged deterministic policy.

        Args:
          episodes, seed: as in `Evaluation.play`.

        Returns:
          A dict: env_steps, wall_seconds (evaluations included), evaluation_seconds, and what
          `Evaluation.play` measured; and the list of `episodes.Episode` that it is of.
        """
        started = time.perf_counter()
        measured, played = self.evaluation.play(self.policy.deterministic, episodes, seed)
        self.evaluation_seconds += time.perf_counter() - started
        metrics = {
            "env_steps": self.env_steps,
            "wall_seconds": self.training_seconds + self.evaluation_seconds,
            "evaluation_seconds": self.evaluation_seconds,
            **measured,
        }
        return metrics, played

    def _profile(self, first):
        # The first rounds are busy with compilation.
        if self.round == first + 5:
            self.folder.tensorboard.start_profile()
        elif self.round == min(first + 15, self.rounds):
            self.folder.tensorboard.stop_profile()

    def _illustrate(self, episode):
        """Adds histograms, and now and then a film of an evaluation's first episode."""
        started = time.perf_counter()
        newest = self.evaluate_every * self.config.segment_length
        seed = [self.config.seed, self.round]
        agent = self.replay.sample(1000, 1, seed, newest)
        arrays = compare(self.learner.discriminator, agent, self.demonstrated.sample(1000, 1, seed))
        tensorboard = self.folder.tensorboard
        tensorboard.write_histograms(self.env_steps, arrays)
        self._filming.film(EVALUATION_SEED, episode.actions, tensorboard, self.env_steps)
        self.evaluation_seconds += time.perf_counter() - started

    def _finish(self):
        self.policy.save(self.folder.saved_model)
        metrics, _ = self.evaluate(self.config.final_episodes, FINAL_SEED)
        config = self.config
        reached = next(
            (
                line
                for line in self.folder.metrics()
                if (line["normalized_return"] or -np.inf) >= 0.95
            ),
            {"env_steps": None, "wall_seconds": None},
        )
        result = {
            "env": config.env,
            "seed": config.seed,
            "num_trajectories": self._num_trajectories,
            "episodes": config.final_episodes,
            **metrics,
            "expert_return_mean": self.evaluation.expert_return,
            "random_return_mean": self.evaluation.random_return,
            "steps_to_95": reached["env_steps"],
            "seconds_to_95": reached["wall_seconds"],
        }
        self.folder.write_result(result)
        return result
