"""The options of MGAIL, one group for each part of the code that reads them."""

import dataclasses

from mgail_tf.errors import UserError
from mgail_tf.options import Options, option


@dataclasses.dataclass(frozen=True)
class Acting(Options):
    """How the agent acts in the environment."""

    num_envs: int = option(16, "environments that act side by side", 1)
    segment_length: int = option(5, "T, steps of the unrolled objective", 1)
    mean_cut_length: int = option(
        300, "mean number of steps after which the agent's episodes are cut; 0: never"
    )
    noise_stddev: float = option(
        0.3, "sigma of the agent's actions, in standard deviations of demonstrated actions"
    )
    final_noise_scale: float = option(
        0.33, "what sigma is multiplied by at the end of the run; it falls linearly", maximum=1
    )
    learn_noise: bool = option(False, "learn sigma(s) (Eq. 10), starting from noise_stddev")
    temperature: float = option(1.0, "tau of the Gumbel-Softmax of discrete actions", 1e-3)

    @property
    def steps_per_round(self) -> int:
        """Environment steps between two rounds of updates."""
        return self.num_envs * self.segment_length


@dataclasses.dataclass(frozen=True)
class Updates(Options):
    """The updates of a round of num_envs * segment_length steps, and what they are drawn from."""

    cloned_start: bool = option(
        True, "start from the policy that behavioural cloning finds, instead of a random one"
    )
    astray: float = option(
        1.5,
        "go back to the closest policy where two evaluated ones in a row are so many times as far "
        "from the demonstrations; 0: never",
    )
    policy_updates: int = option(40, "policy updates a round", 1)
    discriminator_updates: int = option(8, "discriminator updates a round", 1)
    forward_model_updates: int = option(8, "forward model updates a round", 1)
    policy_segments: int = option(64, "segments in a policy update", 1)
    policy_replay_steps: int = option(
        50_000, "number of newest steps from which a policy update's segments are drawn", 1
    )
    batch_size: int = option(256, "pairs in an update of the discriminator or forward model", 1)
    demonstrated_fraction: float = option(
        0.3,
        "fraction of the segments in any update that start in a demonstrated state",
        maximum=1,
    )
    resample_actions: bool = option(
        False,
        "show the discriminator the actions that today's policy takes in replayed states, "
        "instead of the recorded ones",
    )
    restart_segments: bool = option(
        False,
        "let a segment go on in the next episode where an episode ends inside it, "
        "so that every step counts once",
    )
    replay_steps: int = option(50_000, "number of newest steps that the replay buffer keeps", 1)


@dataclasses.dataclass(frozen=True)
class Networks(Options):
    """What the networks look like."""

    policy_hidden: tuple[int, ...] = option((100, 50), "widths of the policy's hidden layers", 1)
    discriminator_hidden: tuple[int, ...] = option(
        (200, 100), "widths of the discriminator's hidden layers", 1
    )
    value_hidden: tuple[int, ...] = option((100, 100), "widths of the value's hidden layers", 1)
    forward_model: str = option(
        "basic", "which forward model of Fig. 4", choices=("advanced", "basic")
    )
    forward_model_width: int = option(100, "units of each of the forward model's layers", 1)
    forward_model_history: int = option(
        1, "past states that the forward model's GRU sees before its memory starts anew", 1
    )
    forward_model_residual: bool = option(
        True, "let the forward model predict the change of the observation"
    )
    outputs_per_action: bool = option(
        True,
        "give discriminator and basic forward model outputs for each discrete action; "
        "without, the action is among their inputs",
    )
    observation_limit: float = option(10.0, "bound on normalised observations", 1e-3)


@dataclasses.dataclass(frozen=True)
class Losses(Options):
    """What is minimised, and how."""

    discount: float = option(0.99, "gamma", maximum=0.9999)
    use_value: bool = option(True, "count the cost beyond the segment, by a learned value V")
    termination_margin: float = option(
        1.5, "the least that a step after a termination costs, in mean costs of a step before it"
    )
    cloning_weight: float = option(
        10.0, "weight of behavioural cloning in the policy's loss, beside J"
    )
    value_decay: float = option(0.98, "lambda of the returns that V learns", maximum=1)
    value_average_decay: float = option(
        0.98, "part of the slow value's weights that an update keeps", maximum=1
    )
    gradient_penalty: float = option(1.0, "weight of the discriminator's gradient penalty")
    state_gradient_clip: float = option(
        10.0,
        "bound on the norm of dJ/ds at each step of a segment, more where an observation has more "
        "than 11 numbers; 0: none",
    )
    policy_learning_rate: float = option(3e-4, "Adam's learning rate for the policy")
    discriminator_learning_rate: float = option(1e-3, "Adam's learning rate for the discriminator")
    value_learning_rate: float = option(1e-3, "Adam's learning rate for the value")
    forward_model_learning_rate: float = option(1e-3, "Adam's learning rate for the forward model")
    averaging_window: float = option(
        0.1,
        "the exported policy averages the weights of this fraction of the updates so far",
        maximum=1,
    )


@dataclasses.dataclass(frozen=True)
class MGAILOptions:
    """All options of MGAIL.

    Raises:
      UserError: two options contradict each other.
    """

    acting: Acting = dataclasses.field(default_factory=Acting)
    updates: Updates = dataclasses.field(default_factory=Updates)
    networks: Networks = dataclasses.field(default_factory=Networks)
    losses: Losses = dataclasses.field(default_factory=Losses)

    def __post_init__(self):
        for name in "policy_replay_steps", "replay_steps":
            self._check_a_round_fits(name, getattr(self.updates, name))
        history = self.networks.forward_model_history
        if history > min(self.acting.segment_length, self.updates.batch_size):
            raise UserError(
                f"`forward_model_history={history}`: must not exceed `segment_length` or "
                "`batch_size`"
            )

    def check_budget(self, total_steps: int) -> None:
        """Raises a UserError if not even one round fits into `total_steps` environment steps."""
        self._check_a_round_fits("total_steps", total_steps)

    def _check_a_round_fits(self, name, steps):
        if steps < self.acting.steps_per_round:
            raise UserError(
                f"`{name}={steps}`: must be at least `num_envs` * `segment_length`, "
                f"{self.acting.steps_per_round}"
            )
