"""What the observations after each step say about where episodes end."""

import numpy as np

from mgail_tf.data.recorded_steps import RecordedSteps, flat
from mgail_tf.errors import UserError

# Numbers that were rounded differently are equal within so many standard deviations.
ROUNDING = 1e-5
# Differences of this many standard deviations are no rounding any more.
DIFFERENT = 1e-2
# Of so few rows, most may be ends of episodes.
FEW = 9


def check(steps: RecordedSteps) -> tuple[RecordedSteps, np.ndarray, list[str]]:
    """Finds the steps whose `next_observations` are not the observation of the following row.

    An episode ends with such a step. Where all flags say that episodes end elsewhere, they mean
    something else than they should.

    Returns:
      The steps, without those that vectors of environments have put between episodes; [steps] bool,
      whether a step is the last one by its next observation; notes on what was found.

    Raises:
      UserError: they differ so often that the rows are in no order, or the flags are shifted, or
        true where episodes go on.
    """
    none = np.zeros(len(steps), bool)
    if steps.next_observations is None:
        return steps, none, []
    differs, known = _differ(steps)
    flagged = np.flatnonzero((steps.flagged & ~steps.last & known)[:-1])
    if len(steps) > FEW and 2 * (~differs[flagged]).sum() > len(steps):
        raise UserError(
            f"{steps.path}: {steps.flagged_by} say that an episode ends in most rows, but "
            "next_observations go on in the rows that follow; what is true within episodes is "
            "called not_done"
        )
    inside = known & ~(steps.last | steps.flagged)
    if inside.sum() > 1 and np.mean(differs[inside]) > 0.5:
        raise UserError(
            f"{steps.path}: in {np.mean(differs[inside]):.0%} of the rows the next observation is "
            "not that of the following row; rows must be in the order in which they were recorded "
            "(a shuffled replay buffer is not), and both kinds of observations in the same units"
        )
    if flagged.size and not differs[flagged].any():
        later = flagged[flagged > 0]
        if later.size and differs[later - 1].all():
            raise UserError(
                f"{steps.path}: the flags of episodes' ends are in the first rows of the next "
                "episodes, as next_observations show; call them episode_starts"
            )
        return _without_resets(steps, flagged, differs)
    return steps, differs, []


def _differ(steps: RecordedSteps) -> tuple[np.ndarray, np.ndarray]:
    """[steps] bool, whether the next observation is another than that of the following row.

    Differences count that are larger than rounding: than that of the numbers' type, than a small
    part of the standard deviation, or than what is usual between the two. Also [steps] bool,
    whether the next observation is known.
    """
    assert steps.next_observations is not None
    later, told = flat(steps.observations[1:]), flat(steps.next_observations[:-1])
    kinds = [each.dtype for each in (later, told) if each.dtype.kind == "f"]
    precision = 8 * max((float(np.finfo(kind).eps) for kind in kinds), default=0.0)
    inside = ~(steps.last | steps.flagged)[:-1]
    known = np.ones(len(later), bool)
    differs = np.zeros(len(later), bool)
    for component in range(later.shape[1]):
        one, other = (each[:, component].astype(np.float64) for each in (told, later))
        known &= np.isfinite(one)
        error = np.abs(one - other)
        deviation = np.std(other[np.isfinite(other)]) if np.isfinite(other).any() else 0.0
        usual = error[inside & np.isfinite(error)]
        usual = np.median(usual) if usual.size else 0.0
        rounding = max(ROUNDING * deviation, min(10 * usual, DIFFERENT * deviation))
        differs |= error > np.maximum(rounding, precision * np.maximum(np.abs(one), np.abs(other)))
    return np.append(differs & known, False), np.append(known, False)


def _without_resets(
    steps: RecordedSteps, flagged: np.ndarray, differs: np.ndarray
) -> tuple[RecordedSteps, np.ndarray, list[str]]:
    """Mends what vectors of environments record where an episode ends and the next begins.

    They lead from the end of an episode to the beginning of the next one, which no action did:
    either in the last step itself, or in one more step, whose action was not used. It shows in the
    observation's change, which is larger than otherwise.

    Args:
      steps: flagged steps whose next observation is that of the following row.
      flagged: [ends] the numbers of those steps.
      differs: see `check`.
    """
    assert steps.next_observations is not None
    before, after = (
        flat(each).astype(np.float64) for each in (steps.observations, steps.next_observations)
    )
    change = np.linalg.norm((after - before) / (np.nanstd(before, axis=0) + 1e-300), axis=1)
    usual, at_end, behind = (
        float(np.median(some[np.isfinite(some)])) if np.isfinite(some).any() else 0.0
        for some in (change, change[flagged], change[flagged + 1])
    )
    if max(at_end, behind) < 3 * usual:
        return steps, differs, []  # The environment was not reset.
    if at_end > behind:
        following = np.array(steps.next_observations, np.result_type(after.dtype, np.float32))
        following[flagged] = np.nan
        note = "next observations at the ends of episodes are those of the next episodes: not used"
        return steps.replace(next_observations=following), differs, [note]
    kept = np.ones(len(steps), bool)
    kept[flagged + 1] = False
    note = f"{(~kept).sum()} steps that only lead from an episode to the next: left out"
    return steps.take(kept), differs[kept], [note]
