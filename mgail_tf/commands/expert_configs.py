"""The hyperparameters with which the experts were trained."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class ExpertConfig:
    """Hyperparameters of an expert's training.

    Attributes:
      total_steps: environment steps.
      options: arguments of the algorithm that differ from `ALGORITHM_OPTIONS`.
      settling_steps: the last steps of them, in which training starts again from the best policy
        with a fifth of `target_kl`. Experts that go on with large steps become faster but stumble;
        settling makes them steady.
      settling_options: arguments of the algorithm that differ while settling. A higher discount
        makes a fall cost more, but needs longer rollouts, because the fall must be inside them.
      settling_episodes: episodes of an evaluation while settling; more of them show rarer falls.
      seed: of everything that is drawn.
      target_kl: bound on the divergence of an update; PPO ends an update that has gone beyond it.
      log_std_init: logarithm of the initial action noise, for continuous actions.
      noise_scale: factor on the learned action noise in the stochastic expert; below 1 where the
        learned noise makes the expert stumble.
      num_envs, rollout_steps: an update sees num_envs * rollout_steps steps.
      evaluate_every: environment steps between evaluations.
    """

    total_steps: int
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    settling_steps: int = 0
    settling_options: dict[str, Any] = dataclasses.field(default_factory=dict)
    settling_episodes: int = 50
    seed: int = 0
    target_kl: float = 0.02
    log_std_init: float = -0.5
    noise_scale: float = 1.0
    num_envs: int = 8
    rollout_steps: int = 512
    evaluate_every: int = 100_000


ALGORITHM_OPTIONS: dict[str, dict[str, Any]] = {
    "trpo": {"batch_size": 512},
    "ppo": {"batch_size": 256},
}

# Of any task that has no entry.
GENERAL = ExpertConfig(1_000_000)

# With TRPO, the experts that come with the package.
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

# With PPO. Tasks with short episodes are evaluated often, so that training can stop half-way.
PPO_EXPERTS = {
    "CartPole": ExpertConfig(150_000, rollout_steps=128, evaluate_every=1024),
    "MountainCar": ExpertConfig(1_000_000, num_envs=16, evaluate_every=50_000),
    "Acrobot": ExpertConfig(500_000, rollout_steps=256, evaluate_every=8_000),
    "Hopper": ExpertConfig(2_000_000, {"gamma": 0.995}, noise_scale=0.7, evaluate_every=50_000),
    "Walker2d": ExpertConfig(3_000_000, noise_scale=0.5, evaluate_every=50_000),
    "HalfCheetah": ExpertConfig(3_000_000, evaluate_every=50_000),
    "Ant": ExpertConfig(5_000_000, evaluate_every=100_000),
    "Humanoid": ExpertConfig(10_000_000, noise_scale=0.5, log_std_init=-1.0, num_envs=16),
}

# With either algorithm. The discounts are those that rl-baselines3-zoo found to matter: a swing-up
# pays within few steps, a swimmer's stroke and a landing after many.
OTHER_TASKS = {
    "Pendulum-v1": ExpertConfig(500_000, {"gamma": 0.9}, evaluate_every=20_000),
    "MountainCarContinuous-v0": ExpertConfig(
        500_000, {"gamma": 0.999}, log_std_init=1.0, rollout_steps=1024, evaluate_every=20_000
    ),
    "InvertedDoublePendulum-v5": ExpertConfig(500_000, evaluate_every=50_000),
    "LunarLander-v3": ExpertConfig(
        1_000_000, {"gamma": 0.999, "gae_lambda": 0.98}, evaluate_every=50_000
    ),
    "LunarLanderContinuous-v3": ExpertConfig(
        1_000_000, {"gamma": 0.999, "gae_lambda": 0.98}, evaluate_every=50_000
    ),
    "Swimmer-v5": ExpertConfig(1_000_000, {"gamma": 0.9999}, evaluate_every=50_000),
}


def expert_config(env_name: str, algorithm: str, seed: int | None = None) -> ExpertConfig:
    """Returns the hyperparameters for a task, or for any gymnasium id.

    Args:
      env_name: a task or a gymnasium id.
      algorithm: "trpo" or "ppo".
      seed: of everything that is drawn; None: the entry's.
    """
    known = OTHER_TASKS | {"trpo": EXPERTS, "ppo": PPO_EXPERTS}[algorithm]
    config = known.get(env_name, GENERAL)
    options = ALGORITHM_OPTIONS[algorithm] | config.options
    seed = config.seed if seed is None else seed
    return dataclasses.replace(config, options=options, seed=seed)
