"""The hyperparameters with which the experts were trained."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class ExpertConfig:
    """Hyperparameters of an expert's training.

    Attributes:
      total_steps: environment steps.
      settling_steps: the last steps of them, in which training starts again from the best policy
        with a fifth of `target_kl`. Experts that go on with large steps become faster but stumble;
        settling makes them steady.
      settling_options: arguments of TRPO that differ while settling. A higher discount makes a fall
        cost more, but needs longer rollouts, because the fall must be inside them.
      settling_episodes: episodes of an evaluation while settling; more of them show rarer falls.
      seed: of everything that is drawn.
      target_kl: bound on the divergence of an update.
      log_std_init: logarithm of the initial action noise, for continuous actions.
      noise_scale: factor on the learned action noise in the stochastic expert; below 1 where the
        learned noise makes the expert stumble.
      num_envs, rollout_steps: an update sees num_envs * rollout_steps steps.
      evaluate_every: environment steps between evaluations.
    """

    total_steps: int
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
