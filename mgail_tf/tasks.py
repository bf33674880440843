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
      hyperparameters: where the task's defaults differ from `Config`'s.
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
        5_000,
        {"max_episode_steps": 200},
        # Living on where the expert never was can seem to cost more than falling.
        hyperparameters={"value": False, "outputs_per_action": False},
    ),
    "MountainCar": Task("MountainCar-v0", 1, 50_000),
    "Acrobot": Task("Acrobot-v1", 1, 25_000),
    "Hopper": Task("Hopper-v5", 4, 150_000),
    "Walker2d": Task(
        "Walker2d-v5",
        4,
        300_000,
        # It takes 450 steps to its full speed, where it falls.
        hyperparameters={"final_noise": 0.5, "cut_after": 1000},
    ),
    "HalfCheetah": Task(
        "HalfCheetah-v5",
        4,
        32_000,
        hyperparameters={"gradient_penalty": 0.1, "message_limit": 3.0},
    ),
    "Ant": Task(
        "Ant-v5",
        4,
        200_000,
        # Contact forces, hard to foresee, are most of its observation.
        hyperparameters={"forward_model_width": 300, "act_anew": True},
    ),
    "Humanoid": Task(
        "Humanoid-v5",
        80,
        100_000,
        # It has 348 numbers to foresee; the costs of what the policy has just found come too late;
        # and its heading wanders for 400 steps before it falls.
        hyperparameters={"forward_model_width": 300, "act_anew": True, "cut_after": 1000},
    ),
}
