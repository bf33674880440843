"""Simulators that diverge: an observation that is not finite ends its episode, and is counted."""

import numpy as np

from mgail_tf.errors import EnvironmentFailed

# So large a fraction of the steps may lead nowhere, and so many steps in any case.
FRACTION, NUMBER = 0.01, 10


def is_finite(observation: np.ndarray) -> bool:
    """Whether an observation holds neither NaN nor infinity."""
    return bool(np.isfinite(observation).all())


def check_number(env_name: str, not_finite: int, steps: int) -> None:
    """Checks that a simulator fails seldom enough to learn in it.

    Raises:
      EnvironmentFailed: it fails too often.
    """
    if not_finite > max(NUMBER, FRACTION * steps):
        among = f"{not_finite} of {steps} steps gave"
        if not_finite > steps:
            among = f"reset{f' and {steps} steps' if steps else ''} gave {not_finite}"
        raise EnvironmentFailed(
            f"environment {env_name}: {among} observations that are not finite (NaN or infinite); "
            f"more than {FRACTION:.0%} are too many to learn from"
        )
