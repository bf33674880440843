"""Says in plain words how a run went, for a user who has no reward to look at."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

# The part of the way from random actions to the demonstrations: above the first number policies
# nearly always have the expert's return, below the second they seldom do.
LIKE_THE_EXPERT, NEARLY = 0.85, 0.7
# The part of a random policy's distance that demonstrations may be from each other. Where it is
# more, as with a few of an expert that seldom does the same twice, the distance tells little.
TELLS = 0.4
# What observations must tell of actions, as a part of what there is to tell.
EXPLAINED = 0.1
# The accuracies of expert's and agent's pairs at which the discriminator has won. The second one
# stays low, because a part of the agent's pairs begins in demonstrated states.
WON = 0.95, 0.68
# The part of the actions at their bounds that is too much, and by how much it must be more than the
# expert's.
AT_BOUNDS, MORE_THAN_EXPERT = 0.5, 0.3
# The part of the expert's steps below which episodes end early.
SHORT = 0.9
# The part of its first value to which the distance must fall.
FALLEN = 0.9


class Course(NamedTuple):
    """What is known of a run at its end.

    Attributes:
      lines: of `metrics.jsonl`.
      result: what `result.json` has.
      telltale: names of the observations that `training.telltale` has found.
      doubts: sentences of `training.divergence`.
    """

    lines: Sequence[Mapping[str, Any]]
    result: Mapping[str, Any]
    telltale: Sequence[str] = ()
    doubts: Sequence[str] = ()

    def late(self, name: str) -> float | None:
        """The mean of a number over the last quarter of the run; None where it is unknown."""
        values = [line[name] for line in self.lines if line.get(name) is not None]
        return float(np.mean(values[-max(1, len(values) // 4) :])) if values else None

    @property
    def way(self) -> float | None:
        """The part of the way from random actions to the demonstrations; None where unknown."""
        random = self.result["imitation_distance_of_random_policy"]
        if self.result["imitation_distance"] is None or not random:
            return None
        return 1.0 - self.result["imitation_distance"] / random


def demonstrations_vary(levels: Mapping[str, Any]) -> bool:
    """Whether demonstrations are from each other nearly as far as random actions are.

    Args:
      levels: those of `Findings`, or more.
    """
    between = levels["imitation_distance_of_demonstrations"]
    random = levels["imitation_distance_of_random_policy"]
    return None not in (between, random) and between > TELLS * random


class Verdict(NamedTuple):
    """How a run went.

    Attributes:
      level: "like the expert", "nearly like the expert", "unlike the expert", or "unknown".
      sentences: the same in words, then what is the matter and what to try.
    """

    level: str
    sentences: list[str]


def judge(course: Course) -> Verdict:
    """Says how close the policy has come to the demonstrations, and what may be the matter.

    Faults are told only of a policy that has not come close: a good one needs no advice. A policy
    whose episodes end early is none, however close its steps are, unless the task ended all of the
    demonstrations: then it may have come to the goal sooner.
    """
    way = course.way
    if way is None:
        return Verdict("unknown", ["How far the policy is from the demonstrations is unknown."])
    came = f"it has come {max(way, 0.0):.0%} of the way from random actions to the demonstrations"
    falls = course.result["expert_terminated"] < 1 and _episodes_end_early(course)
    if way >= LIKE_THE_EXPERT and not falls:
        return Verdict("like the expert", [f"The policy behaves like the expert: {came}."])
    found = [*course.doubts, *(sentence for fault in FAULTS if (sentence := fault(course)))]
    if demonstrations_vary(course.result):
        return Verdict("unknown", [THEY_VARY, *found])
    if way >= NEARLY:
        level, first = (
            "nearly like the expert",
            f"The policy nearly behaves like the expert: {came}.",
        )
    else:
        level, first = "unlike the expert", f"The policy does not behave like the expert: {came}."
    return Verdict(level, [first, *(found or [NOTHING_FOUND])])


THEY_VARY = (
    "How close the policy is cannot be told: the demonstrations are far from each other, nearly as "
    "far as from random actions. More demonstrations would tell. Until then, look at its episodes "
    "(evaluate.py --video)."
)
NOTHING_FOUND = (
    "Nothing else stands out. Try more steps (--total_steps), more demonstrations, or another "
    "--seed."
)


def _actions_do_not_follow(course: Course) -> str | None:
    """Actions of other steps, for example, or of another recording."""
    explained = [each["cloning/explained"] for each in course.lines if "cloning/explained" in each]
    if not explained or explained[-1] >= EXPLAINED:
        return None
    return (
        "The demonstrations cannot be imitated: their observations tell nothing about their "
        "actions. Check that each action was recorded beside the observation that it answers."
    )


def _observation_is_telltale(course: Course) -> str | None:
    if not course.telltale:
        return None
    names = ", ".join(course.telltale[:5]) + (", ..." if len(course.telltale) > 5 else "")
    return (
        f"{names}: the expert's values never occur here, whatever the policy does. So the "
        "discriminator needs nothing else to tell the two apart. Leave it out, or record "
        "demonstrations where the environment is the same."
    )


def _discriminator_has_won(course: Course) -> str | None:
    accuracies = [course.late(f"discriminator/accuracy_{side}") for side in ("expert", "agent")]
    if any(each is None or each < won for each, won in zip(accuracies, WON, strict=True)):
        return None
    return (
        "The discriminator has won: it tells nearly all steps of the agent from the expert's, so "
        "it cannot say what would be better. Try more demonstrations; with MGAIL more noise "
        "(--noise_stddev), with GAIL more steps (--total_steps)."
    )


def _forward_model_predicts_nothing(course: Course) -> str | None:
    loss, of_no_change = (
        course.late(f"forward_model/{name}") for name in ("loss", "loss_of_no_change")
    )
    if loss is None or of_no_change is None or loss < of_no_change:
        return None
    return (
        "The forward model is no better than predicting no change, so the policy learns from wrong "
        "derivatives. Try a larger one (--forward_model_width 300), and leave out observations "
        "that nothing foretells."
    )


def _actions_stick_to_bounds(course: Course) -> str | None:
    agent, expert = (course.result[name] for name in ("actions_at_bounds", "expert_at_bounds"))
    if agent is None or agent < max(AT_BOUNDS, (expert or 0.0) + MORE_THAN_EXPERT):
        return None
    return (
        f"Actions stick to their bounds: {agent:.0%} of the agent's are there, and {expert:.0%} of "
        "the expert's. Check the bounds and the unit of the demonstrated actions, and try a "
        "smaller --policy_learning_rate."
    )


def _distance_has_not_fallen(course: Course) -> str | None:
    distances = [each["imitation_distance"] for each in course.lines]
    known = [each for each in distances if each is not None]
    if len(known) < 2 or course.result["imitation_distance"] < FALLEN * known[0]:
        return None
    return (
        "Learning has not brought the policy closer than it was at the start. Try more steps "
        "(--total_steps), another --seed, or more demonstrations."
    )


def _episodes_end_early(course: Course) -> str | None:
    agent, expert = (course.result[name] for name in ("episode_length_mean", "expert_length_mean"))
    if agent >= SHORT * expert:
        return None
    return (
        f"Episodes end early, after {agent:,.0f} steps on average instead of {expert:,.0f}. "
        "Demonstrations from more starts, or with recoveries, would show how to go on."
    )


# In the order in which they are told: causes first.
FAULTS = (
    _actions_do_not_follow,
    _observation_is_telltale,
    _forward_model_predicts_nothing,
    _actions_stick_to_bounds,
    _discriminator_has_won,
    _distance_has_not_fallen,
    _episodes_end_early,
)
