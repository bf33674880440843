"""Nothing is fetched from a network while a program runs."""

import os
import textwrap

from programs import ROOT, run
import pytest

# Python imports it before everything else.
WATCHING = textwrap.dedent("""
    import pathlib, socket, sys

    def watch(event, arguments):
        network = event == "socket.connect" and arguments[0].family != socket.AF_UNIX
        if network or event in ("socket.getaddrinfo", "urllib.Request"):
            with open(pathlib.Path(__file__).with_name("fetched"), "a") as file:
                print(event, arguments, file=file)
            raise PermissionError("no network here")

    sys.addaudithook(watch)
""")


@pytest.fixture
def watched(tmp_path):
    """Runs a program; says what it has tried to fetch."""
    folder = tmp_path / "watch"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WATCHING)

    def call(*arguments):
        done = run(*arguments, folder=tmp_path, PYTHONPATH=f"{folder}{os.pathsep}{ROOT}")
        fetched = folder / "fetched"
        return done, fetched.read_text() if fetched.exists() else ""

    return call


def test_runs_and_evaluations_need_no_network(watched):
    told = ["--env=CartPole", "--total_steps=80", "--logdir=run", "--final_episodes=2"]
    done, fetched = watched("main.py", *told)
    assert (done.returncode, fetched) == (0, ""), done.stderr
    done, fetched = watched("evaluate.py", "--saved_model=run", "--env=CartPole", "--episodes=2")
    assert (done.returncode, fetched) == (0, ""), done.stderr


def test_a_dataset_that_is_not_here_is_refused_not_fetched(watched):
    told = ["--env=CartPole", "--expert_data=mujoco/hopper/expert-v0", "--logdir=run"]
    done, fetched = watched("main.py", *told)
    assert (done.returncode, fetched) == (2, ""), done.stderr


def test_the_watch_sees_what_is_fetched(watched, tmp_path):
    (tmp_path / "fetching.py").write_text("import urllib.request as u; u.urlopen('http://a.test')")
    done, fetched = watched(tmp_path / "fetching.py")
    assert done.returncode and "a.test" in fetched
