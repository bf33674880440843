"""Runs that are killed at random moments end like those that were never stopped."""

from programs import ROOT, python


def test_killed_runs_end_as_if_they_had_not_been_killed(tmp_path):
    done = python(ROOT / "tests" / "kills.py", "--kills", 6, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
