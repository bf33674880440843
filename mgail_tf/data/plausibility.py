"""Whether demonstrations, or a policy that learned from them, are of the environment at hand.

What they say of themselves is compared (`origin.differences`), and what can be measured. Another
name alone happens: a newer version, a wrapper. Measurements alone may mislead: a recording that
begins elsewhere. Both together are an error, unless the user knows better.
"""

from typing import Any, NamedTuple
import warnings

import gymnasium
from gymnasium import spaces
import numpy as np

from mgail_tf.data import measurements, one_step, origin
from mgail_tf.data.measurements import Measurements
from mgail_tf.data.origin import Origin
from mgail_tf.errors import DataWarning, UserError

# First observations differ if their medians are further apart than twice the range of `reset`'s and
# the range of the demonstrated ones together: for a normal distribution 7 deviations or more.
APART = 2.0
# Ranges differ if one is so many times the other.
TIMES = 100.0
# First observations vary more than `reset`'s if their range is so many times as large.
WIDER = 10.0
# Fewer resets tell too little about where an environment begins.
ENOUGH_RESETS = 5
# The share of a component's actions outside of its bounds that is worth a word.
OUTSIDE = 0.01
# Actions that reach less of their bounds are in other units, or very careful.
CAREFUL = 0.25
# The share of actions at the same two limits within the bounds that tells of other bounds.
SATURATED = 0.02
# And so many of them at least; actions of a few values are no clipped ones.
REPEATED, FEW = 5, 10
# Components that a message names.
NAMED = 3


class Comparison(NamedTuple):
    """What was found.

    Attributes:
      contradictions: phrases on what an environment does not do, with figures.
      remarks: phrases on what may have another reason.
      figures: a phrase on how well the two agree where nothing contradicts.
    """

    contradictions: list[str]
    remarks: list[str]
    figures: str


def check(
    what: str, recorded: Origin, env: gymnasium.Env, *, accept_mismatch: bool = False
) -> None:
    """Warns, in one line, of what does not look like the environment's.

    Args:
      what: names the demonstrations or the policy, for messages.
      recorded: where they come from.
      env: what they are used for. It is reset and stepped.
      accept_mismatch: whether to warn only, whatever is found.

    Raises:
      UserError: they say that they are of another environment, and the measurements agree. (Bounds
        alone say little: who records by hand may have declared any.)
    """
    differences = origin.differences(recorded, env)
    compared = compare(recorded.measured, measurements.of_environment(env), env.action_space)
    name = env.spec.id if env.spec else "the environment"
    told = recorded.env_id is not None
    if told and differences and compared.contradictions and not accept_mismatch:
        raise UserError(
            f"{what} is of another environment than {name}: "
            f"{'; '.join(differences + compared.contradictions)}. Use it where it was made. If it "
            "is right here all the same, say so with `accept_mismatch`"
        )
    measured = compared.contradictions + compared.remarks
    if differences or measured:
        fits = compared.figures if differences and not measured else ""
        phrases = [*differences, *([f"what can be measured fits ({fits})"] if fits else [])]
        doubt = f"{what} may not be of {name}" if measured else what
        warnings.warn(
            f"{doubt}: {'; '.join(phrases + measured)}",
            DataWarning,
            stacklevel=2,
        )


def compare(
    demonstrated: Measurements | None,
    environment: Measurements | None,
    action_space: gymnasium.Space,
) -> Comparison:
    """Compares what was demonstrated with what an environment does; None is not known."""
    contradictions, remarks, figures = [], [], []
    if demonstrated is None:
        return Comparison([], [], "")
    if demonstrated.actions is not None and isinstance(action_space, spaces.Box):
        share = _outside(demonstrated.actions, action_space)
        figures.append(f"{share:.0%} of the actions outside of the bounds")
        contradictions += _actions(demonstrated, demonstrated.actions, action_space, share)
    if environment is not None:
        if environment.episodes >= ENOUGH_RESETS:
            apart = _apart(demonstrated, environment)
            figures.append(f"first observations at most {apart.max():.1f} of `reset`'s range apart")
            contradictions += _beginnings(demonstrated, environment, apart)
            remarks += _narrow_beginnings(demonstrated, environment)
        contradictions += _ranges(demonstrated, environment)
        contradictions += _steps(demonstrated, environment, action_space)
    return Comparison(contradictions, remarks, ", ".join(figures))


def _actions(
    demonstrated: Measurements, actions: np.ndarray, space: spaces.Box, outside: float
) -> list[str]:
    """Whether actions look like those of other bounds: [101, size] quantiles."""
    low, high = _limits(space)
    bounded = np.isfinite(low) & np.isfinite(high) & (high > low)
    reach = f"they reach from {actions.min():.4g} to {actions.max():.4g}"
    if outside > OUTSIDE:
        return [f"{outside:.0%} of the actions are outside of the bounds ({reach})"]
    if not bounded.any():
        return []
    half = (high - low)[bounded] / 2
    distance = np.abs(actions[:, bounded] - (high + low)[bounded] / 2) / half
    used = distance.max()
    if used < CAREFUL:
        return [f"the actions use {used:.0%} of the bounds ({reach}), as in other units"]
    # Actions that stop at the same two values, again and again, were clipped there.
    lowest, highest = actions[0, bounded], actions[-1, bounded]
    at_limits = np.minimum(
        (actions[:, bounded] == lowest).mean(0), (actions[:, bounded] == highest).mean(0)
    )
    inside = (distance.max(0) < 0.9) & (distance.max(0) > 0.0) & (highest > lowest)
    values = np.array([len(np.unique(column)) for column in actions[:, bounded].T])
    often = (at_limits > SATURATED) & (at_limits * demonstrated.steps >= REPEATED)
    if (inside & often & (values > FEW)).any():
        return [f"the actions stop within the bounds, at the same values ({reach})"]
    return []


def _outside(actions: np.ndarray, space: spaces.Box) -> float:
    """The share of actions outside of the bounds, of the component where it is largest."""
    low, high = _limits(space)
    width = np.where(np.isfinite(high - low), high - low, 1.0)
    outside = (actions < low - 1e-5 * width) | (actions > high + 1e-5 * width)
    return float(outside.mean(0).max())


def _limits(space: spaces.Box) -> tuple[np.ndarray, np.ndarray]:
    """[size] the bounds, of components in a row."""
    return space.low.ravel().astype(np.float64), space.high.ravel().astype(np.float64)


def _span(pair: np.ndarray) -> np.ndarray:
    return pair[-1] - pair[0]


def _apart(demonstrated: Measurements, environment: Measurements) -> np.ndarray:
    """[size] how far the medians of first observations are apart, in ranges of `reset`'s."""
    difference = np.abs(demonstrated.first[1] - environment.first[1])
    # Files may have rounded: that is no difference.
    difference = np.where(difference <= _rounding(demonstrated, environment), 0.0, difference)
    span = _span(environment.first)
    # Where `reset` never varies, and the demonstrations begin elsewhere, any difference counts.
    return np.divide(
        difference, span, out=np.where(difference > 0.0, np.inf, 0.0), where=span > 0.0
    )


def _rounding(demonstrated: Measurements, environment: Measurements) -> np.ndarray:
    largest = np.maximum(np.abs(demonstrated.every).max(0), np.abs(environment.every).max(0))
    return 1e-6 * largest


def _beginnings(
    demonstrated: Measurements, environment: Measurements, apart: np.ndarray
) -> list[str]:
    """Whether demonstrations begin where the environment does not."""
    mine, its = _span(demonstrated.first), _span(environment.first)
    difference = np.abs(demonstrated.first[1] - environment.first[1])
    far = (apart > 0.0) & (difference > APART * its + mine)
    wide = mine > np.maximum(WIDER * its, _rounding(demonstrated, environment))
    return [
        f"first observations of {_names(wrong)} are {_interval(demonstrated.first, index)}, "
        f"`reset`'s {_interval(environment.first, index)}"
        for wrong in [far | wide]
        for index in np.flatnonzero(wrong)[:1]
    ]


def _narrow_beginnings(demonstrated: Measurements, environment: Measurements) -> list[str]:
    """Whether demonstrations begin in a small part of where the environment does."""
    mine, its, number = _span(demonstrated.first), _span(environment.first), demonstrated.episodes
    share = np.divide(mine, its, out=np.ones_like(mine), where=its > 0.0)
    # How likely so many numbers of a uniform distribution are so close together.
    chance = number * share ** (number - 1) - (number - 1) * share**number
    narrow = (share < 0.1) & (chance < 1e-6)
    if not narrow.any():
        return []
    return [f"they begin in less than a tenth of `reset`'s range ({_names(narrow)})"]


def _ranges(demonstrated: Measurements, environment: Measurements) -> list[str]:
    """Whether components hardly vary in one, and vary in the other."""
    mine, its = _span(demonstrated.every), _span(environment.every)
    found = []
    # What it does now and then says nothing: falls at random give forces that no expert feels. And
    # a single trajectory may have one goal, where the environment has many.
    usual = _span(environment.usual)
    still = (TIMES * mine < usual) & (demonstrated.episodes > 1)
    # An alternative of a choice is 0 or 1. One that the expert never takes contradicts nothing.
    both = np.concatenate([demonstrated.every, environment.every])
    still &= ~np.isin(both, (0.0, 1.0)).all(0)
    if still.any():
        found.append(_variation(still, "hardly vary, and vary in the environment", mine, usual))
    # What stays as it begins at random may be a signal that only the expert sets off.
    begins_elsewhere = np.abs(demonstrated.first - environment.first[1]).max(0) > _rounding(
        demonstrated, environment
    )
    moving = (TIMES * its < mine) & begins_elsewhere
    if moving.any():
        found.append(_variation(moving, "vary, and hardly in the environment", mine, its))
    return found


def _steps(
    demonstrated: Measurements, environment: Measurements, action_space: gymnasium.Space
) -> list[str]:
    """Whether steps lead elsewhere than in the environment."""
    if demonstrated.opening is None or environment.opening is None:
        return []
    size = environment.every.shape[1]
    wrong = one_step.elsewhere(demonstrated.opening, environment.opening, size, action_space)
    if not wrong.any():
        return []
    return [f"the same actions lead elsewhere in the environment ({_names(wrong)})"]


def _variation(wrong: np.ndarray, phrase: str, mine: np.ndarray, its: np.ndarray) -> str:
    index = np.flatnonzero(wrong)[0]
    return f"{_names(wrong)} {phrase} (ranges {mine[index]:.3g} and {its[index]:.3g})"


def _names(wrong: np.ndarray) -> str:
    indices = np.flatnonzero(wrong)
    more = f" and {len(indices) - NAMED} more" if len(indices) > NAMED else ""
    word = "component" if len(indices) == 1 else "components"
    return f"{word} {', '.join(map(str, indices[:NAMED]))}{more}"


def _interval(values: np.ndarray, index: Any) -> str:
    low, high = values[0, index], values[-1, index]
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
