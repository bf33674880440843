"""Whatever is wrong is told in one line, with status 2, and nothing is made or changed."""

import functools
import pathlib
import re
import shlex

import bad_inputs
import bad_study_inputs
import damaged
from programs import ROOT, python, run_each
import pytest

TABLE = bad_inputs.TABLE | bad_study_inputs.TABLE
ROWS = [
    (program, shlex.split(arguments), words)
    for program, rows in TABLE.items()
    for arguments, words in rows
]


def contents(folder: pathlib.Path) -> dict[str, bytes | None]:
    """What is in a folder, apart from what Python compiles."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """The calls of a program, which are made when they are asked for first."""

    @functools.cache
    def call(program):
        folder = tmp_path_factory.mktemp(program)
        damaged.write(folder)
        before = contents(folder)
        done = run_each(program, [told for name, told, _ in ROWS if name == program], folder)
        return {tuple(each.args): each for each in done}, before, contents(folder)

    return call


def is_refused(done, words):
    """That it is refused, in one line that has some words."""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ") and words in line
    assert done.returncode == 2
    # What a run says first.
    assert re.fullmatch(r"(.* \(reading the demonstrations\)\n)?", done.stdout)


@pytest.mark.parametrize(
    ("program", "told", "words"), ROWS, ids=[f"{p} {' '.join(t)[:80]}" for p, t, _ in ROWS]
)
def test_bad_input_is_one_line_and_status_2(program, told, words, refused):
    is_refused(refused(program)[0][tuple(told)], words)


@pytest.mark.parametrize("program", TABLE)
def test_nothing_is_made_or_changed(program, refused):
    _, before, after = refused(program)
    assert sorted(after) == sorted(before)
    assert after == before


def test_the_table_is_long():
    assert len({(program, *told) for program, told, _ in ROWS}) == len(ROWS) >= 150


@pytest.mark.parametrize(
    ("program", "told", "words"),
    [
        ("run/main.py", ["--env=NoSuchTask"], "NoSuchTask"),
        ("experiments/run.py", ["ablation", "--env=NoSuchTask"], "'env'"),
        ("experiments/run.py", ["ablation", "--only=NoSuchTask-*"], "they are Hopper-all-of-it"),
        ("experiments/run.py", ["table1", "--tasks=Ant", "--only=Hopper-*"], "matches no run"),
        ("experiments/run.py", ["table1", "--tasks=Ant", "--sizes=80"], "no run is of all that"),
    ],
)
def test_the_program_itself_refuses(program, told, words, tmp_path):
    is_refused(python(ROOT / program, *told, folder=tmp_path), words)
    assert not list(tmp_path.iterdir())
