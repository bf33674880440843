"""Splits recorded steps into episodes, and decides what ended each of them."""

import itertools
from typing import NamedTuple

import numpy as np

from mgail_tf.data import following_observations
from mgail_tf.data.recorded_steps import RecordedSteps
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError


class Split(NamedTuple):
    """Episodes, and how they were found.

    Attributes:
      episodes: those that have at least one action whose outcome is known.
      left_out: number of the last actions whose outcome is not known.
      notes: a line for each decision.
    """

    episodes: list[Episode]
    left_out: int
    notes: list[str]


def split(steps: RecordedSteps, time_limit: int | None = None) -> Split:
    """Splits steps into episodes; the last row ends one, too.

    Where nothing tells where the last action of an episode led, that action is left out, so the
    episode is shorter by one step. Its reward is added to that of the step before, because the
    return must stay what it was.

    Where a step is missing, its episode is cut: what is before it was not ended by the task, and
    what is after it ends as the whole episode does.

    Args:
      steps: what was recorded.
      time_limit: steps after which the environment ends an episode; None if it does not, or if
        that is not known.

    Raises:
      UserError: nothing tells where episodes end, and there is more than one.
    """
    if not len(steps):
        return Split([], 0, [])
    steps, differs, notes = following_observations.check(steps)
    ends = steps.last | differs
    if not steps.whole:
        ends = ends | steps.flagged
    ends[-1:] = True
    lengths = np.diff(np.flatnonzero(ends), prepend=-1)
    if time_limit is not None:
        # Longer than it can be: where a row is missing, another episode began.
        ends = ends | steps.missing & np.repeat(lengths > time_limit, lengths)
    bounds = np.append(0, np.flatnonzero(ends) + 1)
    lengths = np.diff(bounds)
    notes += _how_found(steps, differs, lengths)
    notes += _check_lengths(steps, lengths, time_limit)
    terminated, guessed = _terminated(steps, bounds, time_limit)
    notes += guessed
    episodes = []
    left_out = 0
    for start, end, by_task in zip(bounds[:-1], bounds[1:], terminated, strict=True):
        missing = steps.missing[start:end]
        for piece in np.ma.clump_unmasked(np.ma.array(missing, mask=missing)):
            first, last = start + piece.start, start + piece.stop
            # What was cut because a row is missing has not ended there.
            episode = _episode(steps, int(first), int(last), bool(by_task and last == end))
            left_out += last - first - len(episode.actions)
            episodes.append(episode)
    return Split([e for e in episodes if len(e.actions)], int(left_out), notes)


def _episode(steps: RecordedSteps, start: int, end: int, terminated: bool) -> Episode:
    observations, actions = steps.observations[start:end], steps.actions[start:end]
    rewards = steps.rewards[start:end].copy()
    following = steps.next_observations
    following = None if following is None else following[end - 1 : end]
    if following is not None and not np.isnan(following.astype(np.float64)).all():
        observations = np.concatenate([observations, following])
    else:
        actions, rewards, late = actions[:-1], rewards[:-1], rewards[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            rewards[-1:] += late
    return Episode(observations, actions, rewards, terminated)


def _how_found(steps: RecordedSteps, differs: np.ndarray, lengths: np.ndarray) -> list[str]:
    found = [steps.ordered_by] if steps.ordered_by else []
    if steps.flagged.any() and not steps.whole:
        found.append(steps.flagged_by)
    if (differs & ~steps.last & ~steps.flagged).any():
        found.append("next observations that are not those of the following row")
    if found:
        return [f"ends of episodes: told by {', '.join(found)}"]
    return ["ends of episodes: nothing tells them, so everything is taken for one episode"]


def _check_lengths(steps: RecordedSteps, lengths: np.ndarray, time_limit: int | None) -> list[str]:
    flagged = steps.flagged
    if len(steps) > 1 and flagged[0] and not flagged[-1] and not steps.whole:
        raise UserError(
            f"{steps.path}: the first row is flagged as the end of an episode, the last row is "
            "not; if the flags are true in the first rows of episodes, call them episode_starts"
        )
    longest = int(lengths.max(initial=0))
    if time_limit is None or longest <= time_limit:
        return []
    # Flags of terminations do not tell where a time limit ended episodes.
    ends = steps.truncated, steps.ended, steps.next_observations
    if not steps.ordered_by and all(each is None for each in ends):
        raise UserError(
            f"{steps.path}: an episode would have {longest} steps, more than the environment's "
            f"limit of {time_limit}, because not all ends of episodes are told; add timeouts (true "
            "in the last row of an episode that was cut), next_observations or numbers of episodes"
        )
    return [
        f"warning: the longest episode has {longest} steps, the environment ends them after "
        f"{time_limit}, so their returns do not compare"
    ]


def _all_at_limit(steps: RecordedSteps, lengths: np.ndarray, time_limit: int | None) -> list[str]:
    """Warns of terminations that may be time limits, as masks often hold both."""
    if steps.truncated is not None or not len(lengths) or (lengths != time_limit).any():
        return []
    return [
        f"warning: all terminations are at the time limit of {time_limit} steps; if it ended the "
        "episodes, call the flags timeouts"
    ]


def _terminated(
    steps: RecordedSteps, bounds: np.ndarray, time_limit: int | None
) -> tuple[np.ndarray, list[str]]:
    """[episodes] bool, whether the task ended them; and a note if that is a guess.

    Where nothing tells, an episode was cut by a time limit if it has as many steps as the
    environment allows, or as the longest episodes have if these are half of them or more. What
    ended sooner, the task has ended: for the learner it is the lesser mistake, because who takes
    the demonstrated ends for cuts learns to avoid them.
    """
    lengths, last = np.diff(bounds), bounds[1:] - 1
    flags = steps.terminated
    if flags is not None:
        told = np.array([flags[a:b].any() for a, b in itertools.pairwise(bounds)])
        return told, _all_at_limit(steps, lengths[told], time_limit)
    cut = np.zeros(len(last), bool) if steps.truncated is None else steps.truncated[last]
    if steps.truncated is not None and steps.ended is not None and (cut | steps.ended[last]).all():
        return ~cut, []
    if cut.all():
        return ~cut, []
    sooner, limit = ~cut, "a time limit"
    longest = lengths.max(initial=0)
    if len(lengths) > 1 and 2 * (lengths == longest).sum() >= len(lengths):
        sooner &= lengths < longest
        limit = f"the {longest} steps that most have"
    # A recording may lack the last step of each episode.
    if time_limit is not None:
        sooner &= lengths < time_limit - 1
    if time_limit is not None and longest >= time_limit - 1:
        limit = f"the time limit of {time_limit} steps"
    # The recording itself may have ended before its last episode.
    if not steps.ordered_by and not steps.flagged[-1:].all():
        sooner[-1:] = False
    number = int(sooner.sum())
    taken = "terminations" if number else "cuts"
    if 0 < number < len(sooner):
        taken += f" where they have less than {limit} ({number}), else for cuts"
    untold = "what ended the episodes is not told (terminals and timeouts would tell it)"
    return sooner, [f"{untold}: taken for {taken}"]
