"""Every number that can be set: the hyperparameters and their presets."""

import dataclasses
import types
import typing

from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS


def _option(default, meaning, minimum=0, maximum=2**31 - 1, choices=None):
    metadata = {"help": meaning, "minimum": minimum, "maximum": maximum, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Config:
    """A run's settings; `run/main.py` has a flag for each.

    The defaults are those that reach the expert soonest; `PRESETS["paper"]` has the authors'.

    Raises:
      UserError: a number is out of its range, or a word is not among its choices.
    """

    env: str = _option(None, "a task of the paper, or with --expert_data any gymnasium id")
    expert_data: str | None = _option(None, "Minari dataset: an id or a folder")
    num_trajectories: int = _option(0, "demonstrated trajectories; 0: all of the dataset")
    subsample: int = _option(1, "keep every k-th demonstrated pair", 1)
    total_steps: int = _option(500_000, "budget of environment steps", 1)
    seed: int = _option(0, "of everything that is drawn")
    preset: str = _option("default", "hyperparameters to start from", choices=("default", "paper"))

    # Acting.
    num_envs: int = _option(16, "environments that act side by side", 1)
    segment_length: int = _option(5, "T, steps of the unrolled objective", 1)
    demonstrated_starts: float = _option(
        0.0,
        "share of episodes that start in a demonstrated state, if the simulator allows it",
        maximum=1,
    )
    cut_after: int = _option(300, "mean steps after which the agent's episodes are cut; 0: never")
    noise_stddev: float = _option(0.3, "sigma, in standard deviations of demonstrated actions")
    final_noise: float = _option(0.33, "share of sigma left at the end", maximum=1)
    learn_noise: bool = _option(False, "learn sigma(s) (Eq. 10), from noise_stddev on")
    temperature: float = _option(1.0, "tau of the Gumbel-Softmax", 1e-3)

    # Updates in each round of num_envs * segment_length steps, and what they are drawn from.
    policy_updates: int = _option(40, "policy updates a round", 1)
    discriminator_updates: int = _option(8, "discriminator updates a round", 1)
    forward_model_updates: int = _option(8, "forward model updates a round", 1)
    preparation_rounds: int = _option(0, "rounds at the start that leave the policy alone")
    block_rounds: int = _option(
        0, "rounds in turn for the discriminator and for the policy; 0: both in every round"
    )
    policy_segments: int = _option(64, "segments in a policy update", 1)
    policy_replay_steps: int = _option(50_000, "newest steps from which these are drawn", 1)
    batch_size: int = _option(256, "pairs in a discriminator or forward model update", 1)
    demonstrated_share: float = _option(
        0.3, "share of the segments in any update that start where the expert has been", maximum=1
    )
    act_anew: bool = _option(
        False, "show the discriminator what the policy does now in replayed states, not what it did"
    )
    replay_steps: int = _option(50_000, "newest steps that the replay buffer keeps", 1)

    # Networks.
    policy_hidden: tuple[int, ...] = _option((100, 50), "widths of the policy's hidden layers", 1)
    discriminator_hidden: tuple[int, ...] = _option(
        (200, 100), "widths of the discriminator's hidden layers", 1
    )
    value_hidden: tuple[int, ...] = _option((100, 100), "widths of the value's hidden layers", 1)
    forward_model: str = _option("basic", "Fig. 4", choices=("advanced", "basic"))
    forward_model_width: int = _option(100, "units of each of the forward model's layers", 1)
    forward_model_history: int = _option(
        1, "past states that the forward model's GRU sees, before it starts anew", 1
    )
    forward_model_residual: bool = _option(True, "predict the change of the observation")
    outputs_per_action: bool = _option(
        True,
        "of discriminator and basic forward model; else discrete actions are among their inputs",
    )
    dropout: float = _option(
        0.0, "rate after the last hidden layer of policy and discriminator", maximum=0.99
    )
    weight_stddev: float = _option(0.0, "of the initial weights; 0: Glorot's")
    observation_limit: float = _option(10.0, "bound on normalised observations", 1e-3)

    # Losses and optimisation.
    discount: float = _option(0.99, "gamma", maximum=0.9999)
    value: bool = _option(True, "count the cost beyond the segment, by its learned value")
    value_decay: float = _option(0.98, "lambda of the value's returns", maximum=1)
    value_average_decay: float = _option(0.98, "of the slow value's weights, per update", maximum=1)
    expert_weight: float = _option(1.0, "weight of the expert's pairs in the discriminator's loss")
    gradient_penalty: float = _option(1.0, "weight of the discriminator's gradient penalty")
    message_limit: float = _option(10.0, "bound on the norm of dJ/ds at each step; 0: none")
    policy_cost_scale: float = _option(1.0, "factor of J")
    weight_decay: float = _option(0.0, "L2 coefficient of all weights")
    gradient_clip: float = _option(0.0, "bound on each component of a gradient; 0: none")
    policy_learning_rate: float = _option(3e-4, "Adam's, for the policy")
    discriminator_learning_rate: float = _option(1e-3, "Adam's, for the discriminator")
    value_learning_rate: float = _option(1e-3, "Adam's, for the value")
    forward_model_learning_rate: float = _option(1e-3, "Adam's, for the forward model")
    final_learning_rate: float = _option(
        0.02, "share of the learning rates left at the end", maximum=1
    )
    average_share: float = _option(
        0.1, "share of the policy's updates so far that its averaged weights reach back", maximum=1
    )

    # Reporting.
    evaluate_every: int = _option(0, "environment steps between evaluations; 0: 20 in all")
    evaluation_episodes: int = _option(10, "episodes of an evaluation on the way", 1)
    film_every: int = _option(10, "evaluations between filmed episodes in TensorBoard; 0: none")
    final_episodes: int = _option(50, "episodes of the final evaluation", 1)

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        steps_per_round = self.num_envs * self.segment_length
        for name in "total_steps", "policy_replay_steps", "replay_steps":
            if getattr(self, name) < steps_per_round:
                raise UserError(
                    f"--{name}={getattr(self, name)}: must be at least num_envs * segment_length, "
                    f"{steps_per_round}"
                )
        first_turn = self.preparation_rounds + self.block_rounds
        if self.total_steps // steps_per_round <= first_turn:
            raise UserError(
                f"--total_steps={self.total_steps}: the policy's turn comes after "
                f"{first_turn * steps_per_round}; raise it, or lower --preparation_rounds or "
                "--block_rounds"
            )
        if self.forward_model_history > min(self.segment_length, self.batch_size):
            raise UserError(
                f"--forward_model_history={self.forward_model_history}: "
                "must not exceed segment_length or batch_size"
            )


def _check(field, value):
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise UserError(f"--{field.name}={value}: use one of {', '.join(choices)}")
    minimum, maximum = field.metadata["minimum"], field.metadata["maximum"]
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int | float) and not minimum <= number <= maximum:
            raise UserError(f"--{field.name}={number}: must be from {minimum} to {maximum}")


PRESETS = {
    "default": {},
    "paper": {
        # The authors' policy comes to the expert on Hopper after 2.6 million steps.
        "total_steps": 3_000_000,
        "num_envs": 7,
        "demonstrated_starts": 1.0,
        "preparation_rounds": 1000,
        "block_rounds": 100,
        "noise_stddev": 1 / 6,
        "cut_after": 0,
        "final_noise": 1.0,
        "policy_updates": 1,
        "discriminator_updates": 1,
        "forward_model_updates": 1,
        "policy_segments": 7,
        "policy_replay_steps": 70,
        "segment_length": 10,
        "demonstrated_share": 0.0,
        "batch_size": 70,
        "forward_model": "advanced",
        "forward_model_residual": False,
        "dropout": 0.25,
        "weight_stddev": 0.15,
        "observation_limit": 1e6,
        "outputs_per_action": False,
        "expert_weight": 0.8,
        "value": False,
        "gradient_penalty": 0.0,
        "message_limit": 0.0,
        "policy_cost_scale": 1e-2,
        "weight_decay": 1e-7,
        "gradient_clip": 2.0,
        "policy_learning_rate": 1e-4,
        "forward_model_learning_rate": 1e-4,
        "final_learning_rate": 1.0,
        "average_share": 0.0,
    },
}


def make(env, preset="default", **settings):
    """The `Config` of a run: the task's defaults, then the preset, then `settings`.

    Raises:
      UserError: as `Config`.
    """
    chosen = {"env": env, "preset": preset}
    if task := TASKS.get(env):
        chosen |= {"num_trajectories": task.num_trajectories, "total_steps": task.total_steps}
        chosen |= task.hyperparameters if preset == "default" else {}
    return Config(**chosen | PRESETS.get(preset, {}) | settings)


def option_types():
    """The type of each of `Config`'s options, by name; `str` for those that may be None."""
    hints = typing.get_type_hints(Config)
    return {
        name: str if isinstance(hint, types.UnionType) else hint for name, hint in hints.items()
    }
