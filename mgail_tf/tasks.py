"""The eight tasks of the paper."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of the paper.

    Attributes:
      env_id: gymnasium's id.
      num_trajectories: the paper's smallest data set (Table 1).
      total_steps: default budget of environment steps.
      make_kwargs: further arguments of `gymnasium.make`.
      hyperparameters: options of MGAIL whose defaults this task changes.
    """

    env_id: str
    num_trajectories: int
    total_steps: int
    make_kwargs: dict = dataclasses.field(default_factory=dict)
    hyperparameters: dict = dataclasses.field(default_factory=dict)


TASKS = {
    "CartPole": Task(
        "CartPole-v1",
        1,
        2_500,
        {"max_episode_steps": 200},
    ),
    "MountainCar": Task("MountainCar-v0", 1, 25_000),
    "Acrobot": Task("Acrobot-v1", 1, 12_500),
    "Hopper": Task("Hopper-v5", 4, 75_000),
    "Walker2d": Task(
        "Walker2d-v5",
        4,
        300_000,
        # The expert needs 450 steps to reach its full speed, and policies fall at full speed. So
        # episodes must be long, and the agent must keep some noise to learn to catch itself.
        hyperparameters={"final_noise_scale": 0.5, "mean_cut_length": 1000},
    ),
    "HalfCheetah": Task(
        "HalfCheetah-v5",
        4,
        16_000,
        hyperparameters={"gradient_penalty": 0.1, "state_gradient_clip": 2.5},
    ),
    "Ant": Task(
        "Ant-v5",
        4,
        100_000,
        # 78 of the 105 numbers of an observation are contact forces, which are hard to predict.
        hyperparameters={"forward_model_width": 300, "resample_actions": True},
    ),
    "Humanoid": Task(
        "Humanoid-v5",
        80,
        50_000,
        # An observation has 348 numbers to predict. The discriminator makes a fifth as many updates
        # as the policy, so it must see what the policy does now. The heading drifts for 400 steps
        # before a fall, so episodes must be long.
        hyperparameters={
            "forward_model_width": 300,
            "resample_actions": True,
            "mean_cut_length": 1000,
        },
    ),
}
