"""What the training program says about its flags."""

import dataclasses
import re

from programs import run
import pytest

from mgail_tf import config as configs


def ask(flag, folder):
    done = run("main.py", flag, folder=folder)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return ask("--help", tmp_path_factory.mktemp("short"))


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return ask("--helpfull", tmp_path_factory.mktemp("long"))


def find_flags(text):
    """The flags that have a line of their own."""
    return re.findall(r"^  --(\w+): \S", text, re.MULTILINE)


def test_help_has_the_flags_of_a_run_in_sections(short):
    title, *sections = short.split("\n\n")
    assert "behaves like the expert" in title
    flags = {}
    for section in sections:
        if section[0] not in " -":
            heading, *lines = section.splitlines()
            assert heading.endswith(":")
            assert all(line.startswith("  --") and len(line) < 120 for line in lines)
            flags[heading] = find_flags(section)
    assert len(flags) >= 3 and all(flags.values())
    shown = [flag for names in flags.values() for flag in names]
    options = [
        field.name
        for group in (configs.Run, configs.Reporting)
        for field in dataclasses.fields(group)
    ]
    assert sorted(shown) == sorted(
        [*options, "logdir", "profile", "check", "env_processes", "evaluation_process"]
    )
    # No more than a newcomer will read.
    assert 10 <= len(shown) <= 21
    assert short.rstrip().endswith("--helpfull shows every option of every algorithm.")


def test_help_tells_choices_and_defaults(short):
    assert re.search(r"--algorithm: .*one of mgail, bc, gail; default: mgail", short)
    assert re.search(r"--preset: .*one of default, paper; default: default", short)
    assert re.search(r"--total_steps: .*default: 100000", short)
    # There is none of these.
    assert "None" not in short


def test_full_help_has_every_option_once_for_each_algorithm(short, long):
    assert long.startswith(short.rstrip())
    sections = re.split(r"^Options of ", long.removeprefix(short.rstrip()), flags=re.MULTILINE)[1:]
    by_algorithm = dict(section.split("\n", 1) for section in sections)
    assert list(by_algorithm) == [
        "mgail",
        "the authors' loop (--preset=paper)",
        "behavioural cloning (--algorithm=bc)",
        "GAIL (--algorithm=gail)",
    ]
    for name, (_, options) in zip(by_algorithm, configs.LEARNERS.values(), strict=True):
        groups = configs.option_groups(options).values()
        fields = [field for group in groups for field in dataclasses.fields(group)]
        assert find_flags(by_algorithm[name]) == [field.name for field in fields]
        for field in fields:
            assert f"--{field.name}: {field.metadata['help']}" in by_algorithm[name]
            for choice in field.metadata["choices"] or ():
                assert choice in by_algorithm[name]
    assert "--policy_hidden: widths of the policy's hidden layers (default: 100,50)" in long


def test_full_help_says_what_each_group_is_about(long):
    for _, options in configs.LEARNERS.values():
        for group in configs.option_groups(options).values():
            assert f"  {(group.__doc__ or '').splitlines()[0]}\n" in long


def test_help_is_no_failure(tmp_path):
    done = run("tabulate_results.py", "--help", folder=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("Prints the finished runs")
