"""What a run says of itself, from made-up numbers; `test_how_it_went.py` has real runs."""

from typing import Any

import pytest

from mgail_tf.training.verdict import Course, judge

GOOD: dict[str, Any] = {
    "imitation_distance": 0.1,
    "imitation_distance_of_random_policy": 1.0,
    "imitation_distance_of_demonstrations": 0.1,
    "actions_at_bounds": 0.1,
    "expert_at_bounds": 0.1,
    "episode_length_mean": 100.0,
    "expert_length_mean": 100.0,
    "expert_terminated": 0.5,
}
LINE: dict[str, Any] = {
    "imitation_distance": 0.9,
    "discriminator/accuracy_expert": 0.7,
    "discriminator/accuracy_agent": 0.6,
    "forward_model/loss": 0.01,
    "forward_model/loss_of_no_change": 0.1,
}
START: dict[str, Any] = {"imitation_distance": 1.0, "cloning/explained": 0.9}


def sentences(telltale=(), line=(), start=(), **result):
    lines = [START | dict(start), *[LINE] * 10, *[LINE | dict(line)] * 5]
    return judge(Course(lines, GOOD | result, telltale)).sentences


def test_a_good_policy_is_called_good_and_given_no_advice():
    [only] = sentences(line={"discriminator/accuracy_agent": 1.0}, telltale=["clock"])
    assert "behaves like the expert: it has come 90% of the way" in only


@pytest.mark.parametrize(
    ("distance", "level"),
    [
        (0.0, "like the expert"),
        (0.15, "like the expert"),
        (0.16, "nearly like the expert"),
        (0.3, "nearly like the expert"),
        (0.31, "unlike the expert"),
        (1.5, "unlike the expert"),
    ],
)
def test_levels(distance, level):
    verdict = judge(Course([START, LINE], GOOD | {"imitation_distance": distance}))
    assert verdict.level == level
    assert (" 0% of the way" in verdict.sentences[0]) == (distance == 1.5)


@pytest.mark.parametrize(
    ("length", "terminated", "level"),
    [
        (89.0, 0.0, "nearly like the expert"),
        (89.0, 0.9, "nearly like the expert"),
        (91.0, 0.0, "like the expert"),
        (50.0, 1.0, "like the expert"),  # It may have come to the goal sooner.
    ],
)
def test_a_policy_that_falls_is_not_like_an_expert_that_does_not(length, terminated, level):
    course = Course(
        [START, LINE], GOOD | {"episode_length_mean": length, "expert_terminated": terminated}
    )
    verdict = judge(course)
    assert verdict.level == level
    assert ("Episodes end early" in verdict.sentences[-1]) == (level != "like the expert")


@pytest.mark.parametrize("name", ["imitation_distance", "imitation_distance_of_random_policy"])
def test_without_a_distance_nothing_is_claimed(name):
    [only] = sentences(**{name: None})
    assert "unknown" in only


@pytest.mark.parametrize(
    ("distance", "between", "level"),
    [
        (0.5, 0.41, "unknown"),
        (0.5, 0.39, "unlike the expert"),
        (0.5, None, "unlike the expert"),
        (0.2, 0.41, "unknown"),
        (0.1, 0.41, "like the expert"),
    ],
)
def test_where_demonstrations_vary_the_distance_does_not_tell(distance, between, level):
    result = {"imitation_distance": distance, "imitation_distance_of_demonstrations": between}
    verdict = judge(Course([START, LINE], GOOD | result))
    assert verdict.level == level
    assert ("More demonstrations would tell" in verdict.sentences[0]) == (level == "unknown")


def test_a_policy_that_just_needs_more_is_told_so():
    _, only = sentences(imitation_distance=0.5)
    assert "Nothing else stands out" in only


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"start": {"cloning/explained": 0.09}}, "cannot be imitated: their observations tell"),
        ({"telltale": ["observation[3]", "clock"]}, "observation[3], clock: the expert's values"),
        (
            {
                "line": dict.fromkeys(
                    ("discriminator/accuracy_expert", "discriminator/accuracy_agent"), 0.99
                )
            },
            "The discriminator has won",
        ),
        ({"line": {"forward_model/loss": 0.1}}, "no better than predicting no change"),
        (
            {"actions_at_bounds": 0.5},
            "stick to their bounds: 50% of the agent's are there, and 10%",
        ),
        ({"start": {"imitation_distance": 0.5}}, "has not brought the policy closer"),
        ({"episode_length_mean": 89.0}, "end early, after 89 steps on average instead of 100"),
    ],
)
def test_each_fault_is_told_in_a_sentence(fault, words):
    _, *told = sentences(imitation_distance=0.5, **fault)
    assert len(told) == 1 and words in told[0]


@pytest.mark.parametrize(
    "fault",
    [
        {"start": {"cloning/explained": 0.11}},
        {"line": {"discriminator/accuracy_expert": 1.0}},
        {"line": {"discriminator/accuracy_agent": 1.0}},
        {"actions_at_bounds": 0.6, "expert_at_bounds": 0.4},
        {"actions_at_bounds": None, "expert_at_bounds": None},
        {"start": {"imitation_distance": 0.6}},
        {"episode_length_mean": 90.0},
    ],
)
def test_what_is_no_fault_is_not_told(fault):
    _, only = sentences(imitation_distance=0.5, **fault)
    assert "Nothing else stands out" in only


def test_doubts_are_told_first_and_of_a_bad_policy_only():
    doubt = "A weight of policy is 1e+06: it explodes."
    bad = GOOD | {"imitation_distance": 0.5, "episode_length_mean": 10.0}
    _, first, second = judge(Course([START, LINE], bad, doubts=[doubt])).sentences
    assert first == doubt and "Episodes end early" in second
    assert len(judge(Course([START, LINE], GOOD, doubts=[doubt])).sentences) == 1


def test_behavioural_cloning_has_fewer_numbers():
    line = {"imitation_distance": 0.5, "cloning/explained": 0.9}
    _, only = judge(Course([line], GOOD | {"imitation_distance": 0.5})).sentences
    assert "Nothing else stands out" in only


def test_many_observations_are_not_all_named():
    _, told = sentences(imitation_distance=0.5, telltale=[f"o[{index}]" for index in range(9)])
    assert told.startswith("o[0], o[1], o[2], o[3], o[4], ...: ")
