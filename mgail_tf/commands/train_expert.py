"""Trains a task's TRPO expert: --env Hopper; the same command again resumes it.

What the expert knows is kept in NAME/training/ of the folder of experts; the best evaluated policy
is written to NAME/expert/ at the end, and what is known about it to NAME/expert.json.
Demonstrations of an earlier expert are removed. A smaller --total_steps than were trained writes
them at once.
"""

import dataclasses
import importlib
import json
import pathlib
import shutil
import time

from absl import flags

from mgail_tf.commands import command_line

ENV = flags.DEFINE_string("env", None, "task", required=True)
EXPERTS_FOLDER = flags.DEFINE_string("experts", "expert_data", "folder of the experts")
TOTAL_STEPS = flags.DEFINE_integer("total_steps", None, "environment steps", lower_bound=1)


@dataclasses.dataclass(frozen=True)
class ExpertConfig:
    """Hyperparameters of an expert's training.

    Attributes:
      total_steps: environment steps.
      settling_steps: so many of them, at the end, go on from the best policy with a fifth of
        target_kl; steadier where learning on makes the expert faster but stumble.
      settling_options: TRPO's arguments that are others while settling. The more discount, the
        more a fall costs; it needs longer rollouts to be seen.
      settling_episodes: of an evaluation while settling; the more, the rarer falls it sees.
      seed: of everything that is drawn.
      target_kl: bound on the divergence of an update.
      log_std_init: logarithm of the initial action noise, where actions are continuous.
      noise_scale: factor of the learned action noise in the stochastic expert; below 1 where
        that noise makes the expert stumble.
      num_envs, rollout_steps: an update sees num_envs * rollout_steps steps.
      evaluate_every: environment steps between evaluations.
    """

    total_steps: int
    settling_steps: int = 0
    settling_options: dict = dataclasses.field(default_factory=dict)
    settling_episodes: int = 50
    seed: int = 0
    target_kl: float = 0.02
    log_std_init: float = -0.5
    noise_scale: float = 1.0
    num_envs: int = 8
    rollout_steps: int = 512
    evaluate_every: int = 100_000


EXPERTS = {
    "CartPole": ExpertConfig(150_000, rollout_steps=256, evaluate_every=30_000),
    "HalfCheetah": ExpertConfig(
        4_500_000, settling_steps=900_000, seed=1, target_kl=0.01, log_std_init=0.0
    ),
    "Hopper": ExpertConfig(3_200_000, settling_steps=700_000, noise_scale=0.7),
    "MountainCar": ExpertConfig(1_000_000, num_envs=16, evaluate_every=50_000),
    "Acrobot": ExpertConfig(500_000, rollout_steps=256, evaluate_every=50_000),
    "Walker2d": ExpertConfig(6_000_000, noise_scale=0.5, evaluate_every=200_000),
    "Ant": ExpertConfig(7_800_000, settling_steps=1_800_000, evaluate_every=200_000),
    "Humanoid": ExpertConfig(
        27_000_000,
        settling_steps=15_800_000,
        settling_options={"gamma": 0.999, "gae_lambda": 0.98, "n_steps": 2048},
        settling_episodes=100,
        noise_scale=0.5,
        log_std_init=-1.0,
        num_envs=16,
        evaluate_every=250_000,
    ),
}


class Training:
    """A TRPO expert in training, and its folder."""

    def __init__(self, env_name, config, folder):
        import gymnasium
        from sb3_contrib import TRPO
        from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
        import torch

        from mgail_tf.envs.make import make_environment

        torch.set_num_threads(1)
        self.config, self.folder = config, folder
        folder.mkdir(parents=True, exist_ok=True)

        def make():
            return make_environment(env_name)

        envs = DummyVecEnv([make] * config.num_envs)
        envs.seed(config.seed)
        if (folder / "progress.json").exists():
            self.progress = json.loads((folder / "progress.json").read_text())
            self._load("latest", envs)
        else:
            self.progress = {
                "steps": 0,
                "settling": False,
                "wall_seconds": 0.0,
                "best_return": None,
                "curve": [],
            }
            self.envs = VecNormalize(envs)
            continuous = isinstance(envs.action_space, gymnasium.spaces.Box)
            noise = {"log_std_init": config.log_std_init} if continuous else {}
            self.model = TRPO(
                "MlpPolicy",
                self.envs,
                n_steps=config.rollout_steps,
                target_kl=config.target_kl,
                batch_size=512,
                seed=config.seed,
                policy_kwargs={"net_arch": [64, 64]} | noise,
            )
        self.test_envs = VecNormalize(DummyVecEnv([make] * 5), training=False, norm_reward=False)

    def _load(self, name, envs, **options):
        from sb3_contrib import TRPO
        from stable_baselines3.common.vec_env import VecNormalize

        self.envs = VecNormalize.load(self.folder / f"{name}_normalization.pkl", envs)
        self.model = TRPO.load(
            self.folder / f"{name}_model.zip", env=self.envs, device="cpu", **options
        )
        self.envs.gamma = self.model.gamma

    def settle(self):
        """Returns to the best policy; from now on learns in smaller steps, judged more closely."""
        config = self.config
        options = {"target_kl": config.target_kl / 5} | config.settling_options
        self._load("best", self.envs.venv, **options)
        self.model.num_timesteps = self.progress["steps"]
        self.progress |= {"settling": True, "best_return": None}

    def advance(self, steps):
        """Trains for about so many steps, evaluates, and saves."""
        from stable_baselines3.common.evaluation import evaluate_policy
        from stable_baselines3.common.vec_env import sync_envs_normalization

        started = time.time()
        self.model.learn(steps, reset_num_timesteps=False)
        sync_envs_normalization(self.envs, self.test_envs)
        self.test_envs.seed(1_000_000)
        progress = self.progress
        mean, deviation = evaluate_policy(
            self.model,
            self.test_envs,
            n_eval_episodes=self.config.settling_episodes if progress["settling"] else 10,
        )
        progress["steps"] = self.model.num_timesteps
        progress["wall_seconds"] += time.time() - started
        progress["curve"].append([progress["steps"], float(mean), float(deviation)])
        names = ["latest"]
        if progress["best_return"] is None or mean >= progress["best_return"]:
            progress["best_return"], progress["best_steps"] = float(mean), progress["steps"]
            names.append("best")
        for name in names:
            self.model.save(self.folder / f"{name}_model.zip")
            self.envs.save(self.folder / f"{name}_normalization.pkl")
        (self.folder / "progress.json").write_text(json.dumps(progress))


def export(env_name, config, training_folder, folder):
    """Writes the best policy of a training as a SavedModel."""
    import numpy as np
    from sb3_contrib import TRPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
    import tensorflow as tf

    from mgail_tf.deployed_policy import DeployedPolicy
    from mgail_tf.envs.make import make_environment
    from mgail_tf.networks import encoding
    from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy

    weights = TRPO.load(training_folder / "best_model.zip", device="cpu").policy.state_dict()
    env = make_environment(env_name)
    normalization = VecNormalize.load(
        training_folder / "best_normalization.pkl", DummyVecEnv([lambda: env])
    )
    statistics = normalization.obs_rms
    observations = encoding.ObservationEncoder(
        statistics.mean, np.sqrt(statistics.var + normalization.epsilon), normalization.clip_obs
    )
    actions = encoding.action_encoder(env.action_space)
    options = {"hidden": [64, 64], "activation": "tanh"}
    if isinstance(actions, encoding.DiscreteActionEncoder):
        policy = CategoricalPolicy(actions.size, **options)
    else:
        stddev = np.exp(weights["log_std"].numpy()) * config.noise_scale
        bounds = {"low": actions.low, "high": actions.high}
        policy = GaussianPolicy(actions.size, stddev=stddev, **bounds, **options)
    policy(tf.zeros([1, observations.size]))
    layers = ["mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net"]
    policy.set_weights(
        [
            values
            for layer in layers
            for values in (weights[f"{layer}.weight"].numpy().T, weights[f"{layer}.bias"].numpy())
        ]
    )
    DeployedPolicy(policy, observations, actions).save(folder)


def describe(env_name, config, progress, folder):
    """What expert_data/README.md tells about an expert; its levels are of 50 episodes each."""
    from mgail_tf import deployed_policy
    from mgail_tf.envs.episodes import play, play_randomly, returns

    seed = 2_000_000
    policy = deployed_policy.load(folder)
    described = {
        "algorithm": "TRPO",
        "seed": config.seed,
        "steps": progress["best_steps"],
        "trained_steps": progress["steps"],
        "wall_seconds": round(progress["wall_seconds"]),
        "random_return_mean": float(returns(play_randomly(env_name, 50, seed)).mean()),
        "size": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    }
    acts = {
        "deterministic": policy.deterministic,
        "stochastic": deployed_policy.sampler(policy, seed),
    }
    for name, act in acts.items():
        episodes = play(act, env_name, 50, seed, progress=f"{name} episodes")
        lengths = [len(episode.rewards) for episode in episodes]
        described[name] = {
            "return_mean": float(returns(episodes).mean()),
            "return_std": float(returns(episodes).std()),
            "length_mean": sum(lengths) / len(lengths),
            "terminated": sum(bool(episode.terminated) for episode in episodes),
        }
    return described | {"curve": progress["curve"]}


def main():
    from tqdm import tqdm

    from mgail_tf import extras
    from mgail_tf.errors import UserError

    if ENV.value not in EXPERTS:
        raise UserError(f"--env={ENV.value}: use one of {', '.join(EXPERTS)}")
    with extras.needed("training an expert", "experts"):
        for module in "torch", "stable_baselines3", "sb3_contrib":
            importlib.import_module(module)
    config = EXPERTS[ENV.value]
    folder = pathlib.Path(EXPERTS_FOLDER.value, ENV.value)
    training = Training(ENV.value, config, folder / "training")
    total = TOTAL_STEPS.value or config.total_steps
    with tqdm(total=total, initial=training.progress["steps"], unit="step", desc=ENV.value) as bar:
        while training.progress["steps"] < total:
            settling = training.progress["steps"] >= total - config.settling_steps
            if settling and not training.progress["settling"]:
                training.settle()
            training.advance(config.evaluate_every)
            bar.update(training.progress["steps"] - bar.n)
            bar.set_postfix_str("return {1:.0f} +- {2:.0f}".format(*training.progress["curve"][-1]))
    export(ENV.value, config, folder / "training", folder / "expert")
    described = describe(ENV.value, config, training.progress, folder / "expert")
    (folder / "expert.json").write_text(json.dumps(described) + "\n")
    # They were drawn from the expert before this one.
    shutil.rmtree(folder / "demonstrations", ignore_errors=True)
    for name in ("deterministic", "stochastic"):
        print(name, described[name])


def program():
    """The console command."""
    command_line.run(main)
