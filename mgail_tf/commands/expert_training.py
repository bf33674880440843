"""Trains experts with stable-baselines3 and sb3-contrib; needs torch, unlike the rest."""

import copy
import pathlib
import time
from typing import Any

import gymnasium
import numpy as np
from sb3_contrib import TRPO
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize, sync_envs_normalization
import torch

from mgail_tf import mlp_policy, strict_json, whole
from mgail_tf.commands.expert_configs import ExpertConfig
from mgail_tf.data.origin import of_environment
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.float_types import float_type
from mgail_tf.networks.encoding import ObservationEncoder
from mgail_tf.seeds import EVALUATION_SEED

ALGORITHMS: dict[str, type[TRPO] | type[PPO]] = {"trpo": TRPO, "ppo": PPO}

# What is in a new training's `progress`.
BEGINNING: dict[str, Any] = {
    "steps": 0,
    "settling": False,
    "wall_seconds": 0.0,
    "best_return": None,
    "curve": [],
}
# What is there of one that is resumed.
PROGRESS = {
    "steps": int,
    "settling": bool,
    "wall_seconds": int | float,
    "best_return": int | float | None,
    "best_steps": int,
    "curve": list,
}
ANOTHER = "choose another folder of experts"


class Training:
    """An expert in training, and its folder; what is in the folder is resumed.

    Args:
      env_name: a task or a gymnasium id.
      algorithm: a key of `ALGORITHMS`.
      config: the expert's hyperparameters.
      folder: where the training is kept.

    Attributes:
      progress: what is known about the training so far, for JSON.

    Raises:
      UserError: the folder is of another training, or the algorithm is not for the environment's
        actions.
    """

    def __init__(self, env_name: str, algorithm: str, config: ExpertConfig, folder: pathlib.Path):
        torch.set_num_threads(1)
        self.algorithm, self.config, self.folder = algorithm, config, folder

        def make() -> gymnasium.Env:
            return make_environment(env_name)

        envs = DummyVecEnv([make] * config.num_envs)
        envs.seed(config.seed)
        this = {"algorithm": algorithm, "seed": config.seed}
        if (folder / "progress.json").exists():
            self.progress = this | strict_json.read(folder / "progress.json", PROGRESS, ANOTHER)
            if any(self.progress[name] != value for name, value in this.items()):
                raise UserError(
                    f"{folder} is of --algorithm={self.progress['algorithm']} "
                    f"--seed={self.progress['seed']}; {ANOTHER}"
                )
            self._load("latest", envs)
        else:
            self.progress = this | copy.deepcopy(BEGINNING)
            self.envs = VecNormalize(envs, gamma=config.options.get("gamma", 0.99))
            self.model = _new_model(algorithm, config, self.envs)
        self.test_envs = VecNormalize(DummyVecEnv([make] * 5), training=False, norm_reward=False)

    def _load(self, name: str, envs: Any, **options: Any) -> None:
        try:
            self.envs = VecNormalize.load(self.folder / f"{name}_normalization.pkl", envs)
            self.model = ALGORITHMS[self.algorithm].load(
                self.folder / f"{name}_model.zip", env=self.envs, device="cpu", **options
            )
        except Exception as error:  # Whatever torch or the pickles raise, the files are at fault.
            raise UserError(f"{self.folder} cannot be resumed ({error}); {ANOTHER}") from error
        self.envs.gamma = self.model.gamma

    def settle(self) -> None:
        """Goes back to the best policy, and from there learns in smaller steps."""
        config = self.config
        options = {"target_kl": config.target_kl / 5} | config.settling_options
        self._load("best", self.envs.venv, **options)
        self.model.num_timesteps = self.progress["steps"]
        # The best return starts anew, because settling is judged by more episodes.
        self.progress |= {"settling": True, "best_return": None}

    def advance(self, steps: int) -> None:
        """Trains for about so many steps, evaluates, and saves."""
        started = time.perf_counter()
        self.model.learn(steps, reset_num_timesteps=False)
        sync_envs_normalization(self.envs, self.test_envs)
        self.test_envs.seed(EVALUATION_SEED)
        progress = self.progress
        mean, deviation = evaluate_policy(
            self.model,
            self.test_envs,
            n_eval_episodes=self.config.settling_episodes if progress["settling"] else 10,
        )
        progress["steps"] = self.model.num_timesteps
        progress["wall_seconds"] += time.perf_counter() - started
        progress["curve"].append([progress["steps"], float(mean), float(deviation)])
        names = ["latest"]
        if progress["best_return"] is None or mean >= progress["best_return"]:
            progress["best_return"], progress["best_steps"] = float(mean), progress["steps"]
            names.append("best")
        with whole.refusals_told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with whole.added(self.folder, aside := self.folder / "unfinished"):
            for name in names:
                self.model.save(aside / f"{name}_model.zip")
                self.envs.save(str(aside / f"{name}_normalization.pkl"))
            (aside / "progress.json").write_text(strict_json.dumps(progress))


def _new_model(algorithm: str, config: ExpertConfig, envs: VecNormalize) -> OnPolicyAlgorithm:
    """Returns an algorithm that has learned nothing yet."""
    continuous = isinstance(envs.action_space, gymnasium.spaces.Box)
    noise = {"log_std_init": config.log_std_init} if continuous else {}
    if isinstance(envs.action_space, gymnasium.spaces.MultiBinary):
        raise UserError(f"no expert can be trained for actions of {envs.action_space}")
    try:
        return ALGORITHMS[algorithm](
            "MlpPolicy",
            envs,
            n_steps=config.rollout_steps,
            target_kl=config.target_kl,
            seed=config.seed,
            policy_kwargs={"net_arch": [64, 64]} | noise,
            device="cpu",
            **config.options,
        )
    except (AssertionError, ValueError) as error:
        raise UserError(f"stable-baselines3 cannot train an expert there: {error}") from error


def export(
    env_name: str,
    algorithm: str,
    config: ExpertConfig,
    training_folder: pathlib.Path,
    folder: pathlib.Path,
) -> None:
    """Writes the best policy of a training as a SavedModel."""
    best = ALGORITHMS[algorithm].load(training_folder / "best_model.zip", device="cpu")
    env = make_environment(env_name)
    normalization = VecNormalize.load(
        training_folder / "best_normalization.pkl", DummyVecEnv([lambda: env])
    )
    statistics = normalization.obs_rms
    observations = ObservationEncoder(
        statistics.mean,
        np.sqrt(statistics.var + normalization.epsilon),
        normalization.clip_obs,
        float_type(env.observation_space.dtype),
    )
    weights = {name: values.numpy() for name, values in best.policy.state_dict().items()}
    policy = mlp_policy.deploy(weights, observations, env.action_space, config.noise_scale)
    policy.origin = of_environment(env).to_json()
    policy.save(folder)
