"""The options of GAIL."""

import dataclasses

from mgail_tf.errors import UserError
from mgail_tf.options import Options, option

# Environment steps of an iteration that is large enough, and iterations that a budget is to have.
LARGE_BATCH, LEAST_ITERATIONS = 5000, 10


@dataclasses.dataclass(frozen=True)
class GAILOptions(Options):
    """All options of GAIL; the defaults are its paper's, but for those that say otherwise."""

    batch_steps: int = option(
        0,
        "environment steps of an iteration (the paper: 50,000 on MuJoCo's tasks); 0: 5,000, or a "
        "tenth of a smaller budget",
    )
    num_envs: int = option(16, "environments that act side by side", 1)
    reward: str = option(
        "auto",
        "positive: -log D, the paper's; negative: log(1-D), where the goal ends an episode; auto: "
        "negative if every demonstration ends by a termination",
        choices=("auto", "positive", "negative"),
    )
    discount: float = option(0.995, "gamma", maximum=0.9999)
    gae_lambda: float = option(0.97, "lambda of the generalised advantage estimate", maximum=1)
    max_kl: float = option(0.01, "the farthest that an iteration moves the policy", 1e-6)
    cg_damping: float = option(0.1, "what is added to the Fisher matrix's diagonal")
    discriminator_updates: int = option(20, "discriminator updates an iteration", 1)
    batch_size: int = option(256, "pairs in an update of the discriminator or of the value", 1)
    gradient_penalty: float = option(1.0, "weight of the discriminator's gradient penalty")
    discriminator_learning_rate: float = option(1e-3, "Adam's learning rate for the discriminator")
    value_passes: int = option(10, "how often an iteration's value updates see each step", 1)
    value_learning_rate: float = option(1e-3, "Adam's learning rate for the value")
    policy_hidden: tuple[int, ...] = option((100, 100), "widths of the policy's hidden layers", 1)
    discriminator_hidden: tuple[int, ...] = option(
        (100, 100), "widths of the discriminator's hidden layers", 1
    )
    value_hidden: tuple[int, ...] = option((100, 100), "widths of the value's hidden layers", 1)
    observation_limit: float = option(10.0, "bound on normalised observations", 1e-3)

    def segment_length(self, total_steps: int) -> int:
        """Environment steps of an iteration in each environment, for a budget of all together."""
        batch_steps = self.batch_steps or min(LARGE_BATCH, total_steps // LEAST_ITERATIONS)
        return max(2, batch_steps // self.num_envs)

    def check_budget(self, total_steps: int) -> None:
        """Raises a UserError if not even one iteration fits into `total_steps`."""
        steps = self.num_envs * self.segment_length(total_steps)
        if total_steps < steps:
            raise UserError(
                f"`total_steps={total_steps}`: an iteration takes {steps}; raise it, or lower "
                "`batch_steps` or `num_envs`"
            )
