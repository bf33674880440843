"""The numbers of the authors' own loop; see `authors.py`."""

import dataclasses

from mgail_tf.errors import UserError
from mgail_tf.options import Options, option


@dataclasses.dataclass(frozen=True)
class AuthorsOptions(Options):
    """The settings of `authors.AuthorsLoop`; the defaults are the authors' own.

    Raises:
      UserError: a number is out of its range, or a word is not among its choices.
    """

    # The order of things, counted in iterations.
    preparation_iterations: int = option(
        1000, "iterations at the start that train the discriminator and leave the policy alone"
    )
    turn_iterations: int = option(
        100,
        "iterations of a turn of the policy, and of a turn of the discriminator",
        1,
    )
    piece_interval: int = option(
        15, "iterations from one piece that starts in a demonstrated state to the next", 1
    )
    piece_steps: int = option(12, "environment steps of such a piece, at most", 1)
    test_interval: int = option(1000, "iterations from one test episode to the next", 1)
    episode_steps: int = option(
        1000,
        "environment steps of an episode that fills the buffer or tests the policy, at most",
        1,
    )
    replay_steps: int = option(50_000, "steps that the replay buffer keeps, and is filled with", 1)

    # Acting.
    num_envs: int = option(1, "environments that are open at a time; this loop has one", 1, 1)
    noise_divisor: float = option(
        6.0, "sigma is the deviation of the demonstrated actions divided by this", 1e-3
    )
    temperature: float = option(1.0, "tau of the Gumbel-Softmax of discrete actions", 1e-3)

    # Updates.
    batch_size: int = option(70, "pairs in a discriminator or forward model update", 1)
    policy_segments: int = option(7, "segments in a policy update", 1)
    segment_length: int = option(10, "T, steps of the unrolled objective", 1)
    discount: float = option(0.99, "gamma", maximum=1)
    policy_cost_scale: float = option(1e-2, "what J is multiplied by")
    expert_weight: float = option(0.8, "weight of the expert's pairs in the discriminator's loss")
    gradient_clip: float = option(
        2.0, "bound on each component of a segment's gradient by the policy; 0: none"
    )
    weight_decay: float = option(1e-7, "L2 coefficient of policy's and discriminator's matrices")
    policy_learning_rate: float = option(1e-4, "Adam's learning rate for the policy")
    discriminator_learning_rate: float = option(1e-3, "Adam's learning rate for the discriminator")
    forward_model_learning_rate: float = option(1e-4, "Adam's learning rate for the forward model")

    # Networks.
    policy_hidden: tuple[int, ...] = option((100, 50), "widths of the policy's hidden layers", 1)
    discriminator_hidden: tuple[int, ...] = option(
        (200, 100), "widths of the discriminator's hidden layers", 1
    )
    forward_model: str = option(
        "advanced", "which forward model of Fig. 4", choices=("advanced", "basic")
    )
    forward_model_width: int = option(100, "units of each of the forward model's layers", 1)
    dropout: float = option(
        0.25, "dropout rate after the last hidden layer of policy and discriminator", maximum=0.99
    )
    weight_stddev: float = option(0.15, "deviation of all initial weights and biases", 1e-6)

    @property
    def least_steps(self) -> int:
        """Environment steps that suffice for the policy's first update, whatever happens."""
        tests = 1 + self.preparation_iterations // self.test_interval
        return (
            self.replay_steps
            + self.episode_steps * (1 + tests)
            + self.policy_segments * self.segment_length
            + self.piece_steps
        )

    def check_budget(self, total_steps: int) -> None:
        """Checks that a budget of environment steps lets the policy learn anything.

        Raises:
          UserError: the policy might never have its turn.
        """
        if total_steps < self.least_steps:
            raise UserError(
                f"`total_steps={total_steps}`: filling the buffer and preparing the discriminator "
                f"may take {self.least_steps}; raise it, or lower `replay_steps`"
            )
