"""The options of behavioural cloning."""

import dataclasses

from mgail_tf.options import Options, option


@dataclasses.dataclass(frozen=True)
class CloningOptions(Options):
    """All options of behavioural cloning; the policy network is MGAIL's."""

    policy_hidden: tuple[int, ...] = option((100, 50), "widths of the policy's hidden layers", 1)
    batch_size: int = option(128, "pairs in an update", 1)
    policy_learning_rate: float = option(1e-3, "Adam's learning rate for the policy")
    training_fraction: float = option(
        0.7, "fraction of the pairs to learn from; the others tell when to stop", 0.01, 0.99
    )
    patience: int = option(
        50, "epochs without improvement on the other pairs after which cloning stops", 1
    )
    max_epochs: int = option(2000, "epochs after which cloning stops in any case", 1)
    num_envs: int = option(
        16, "1: evaluations open one environment at a time; otherwise one for each episode", 1
    )
    observation_limit: float = option(10.0, "bound on normalised observations", 1e-3)

    def check_budget(self, total_steps: int) -> None:
        """Does nothing: behavioural cloning takes no environment steps."""
