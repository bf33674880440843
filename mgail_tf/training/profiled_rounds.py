"""Which rounds of a run are profiled, if it is asked for."""

from mgail_tf.errors import UserError

# Rounds before the profiled ones, which are busy with compilation; and the number of profiled ones.
UNPROFILED, PROFILED = 5, 10


def check(steps: int, steps_per_round: int) -> None:
    """Checks that there are rounds to profile.

    Args:
      steps: environment steps that are left.
      steps_per_round: of them; 0 if a round takes none.

    Raises:
      UserError: there are too few.
    """
    left = steps // max(1, steps_per_round)
    if left <= UNPROFILED:
        raise UserError(
            f"`profile` starts after {UNPROFILED} rounds, and {left} are left; "
            "leave it out, or raise `total_steps`"
        )
