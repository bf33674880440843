"""Whatever the settings are: they make a run, and are what its folder says, or are refused."""

import dataclasses
import json
import typing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from programs import run_each

from mgail_tf import config as configs
from mgail_tf import strict_json
from mgail_tf.errors import UserError

QUICK = settings(max_examples=200, deadline=None, derandomize=True, database=None)
GROUPS = [
    configs.Run,
    configs.Reporting,
    *(
        g
        for _, learner in configs.LEARNERS.values()
        for g in configs.option_groups(learner).values()
    ),
]
HINTS = {
    field.name: typing.get_type_hints(group)[field.name]
    for group in GROUPS
    for field in dataclasses.fields(group)
    if field.name != "env"
}
CHOICES = {
    field.name: field.metadata["choices"]
    for group in GROUPS
    for field in dataclasses.fields(group)
    if field.metadata["choices"]
}
NUMBERS = st.one_of(st.sampled_from([0, 1, 2, 0.5, -1, 10**9, 2**31]), st.integers(), st.floats())
ODD = st.one_of(st.none(), st.text(max_size=3), st.lists(st.integers(-1, 9), max_size=3), NUMBERS)


@st.composite
def chosen(draw: Any) -> dict[str, Any]:
    """Some settings, most of which are of their types."""
    values = {}
    for name in draw(st.lists(st.sampled_from(sorted(HINTS)), max_size=5)):
        usual = {
            int: st.one_of(st.integers(0, 300), st.sampled_from([10**6])),
            float: st.one_of(st.floats(0, 1), st.integers(0, 3)),
            bool: st.booleans(),
            tuple[int, ...]: st.lists(st.integers(1, 99), min_size=1, max_size=3).map(tuple),
        }
        of_type = usual.get(HINTS[name], st.sampled_from(CHOICES.get(name, ("a", "b/c"))))
        values[name] = draw(of_type if draw(st.integers(0, 5)) else ODD)
    return values


@QUICK
@given(st.sampled_from(["CartPole", "Hopper", "Anything-v0"]), chosen())
def test_settings_make_a_run_that_is_the_same_again(env, values):
    try:
        made = configs.make(env, **values)
    except UserError:
        return
    flat = made.flat()
    assert flat["env"] == env
    read = strict_json.loads(strict_json.dumps(flat))
    assert read == flat == json.loads(json.dumps(flat))
    assert configs.make(**read) == made


TEXTS = st.sampled_from(
    ["", "0", "1", "2", "300", "0.5", "-1", "1e5", "nan", "inf", "true", "no", "a", "1,2", "0x10"]
)


def test_command_lines_are_understood_or_refused_in_one_line(tmp_path):
    told: list[list[str]] = []

    @settings(QUICK, max_examples=100)
    @given(st.lists(st.tuples(st.sampled_from(sorted(HINTS)), TEXTS), max_size=3))
    def collect(line):
        told.append(["--env=CartPole", "--check", *(f"--{name}={text}" for name, text in line)])

    collect()
    done = run_each("train", told, tmp_path)  # In one process, which takes half a second to start.
    for each in done:
        assert each.returncode in (0, 2), each
        errors = [line for line in each.stderr.splitlines() if not line.startswith("warning: ")]
        assert len(errors) == (1 if each.returncode else 0), each
        assert all(line.startswith("error: ") for line in errors)
    assert len({each.returncode for each in done}) == 2
    assert not list(tmp_path.iterdir())
