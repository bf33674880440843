import fcntl
import json
import os
import pathlib
import subprocess
import sys

import pytest

from experiments import local, progress, provenance, result, runner
from experiments.local import LocalPool
from experiments.study import Run
from mgail_tf.errors import UserError

FAKE = pathlib.Path(__file__).with_name("fake_main.py")


@pytest.fixture
def at(tmp_path):
    return runner.Runner(tmp_path / "runs", tmp_path / "results", FAKE)


def execute(at, *runs, processes=1):
    pool = LocalPool(processes)
    try:
        return at.execute("test", runs, pool)
    finally:
        pool.stop()


def order(at):
    return (at.run_folders / "order.txt").read_text().split()


def test_runs_start_in_order_and_finished_ones_are_skipped(at):
    b, a, c = (Run(name, (f"--seed={seed}",)) for seed, name in enumerate("bac"))
    assert execute(at, b, a) == []
    assert order(at) == ["b", "a"]
    (at.run_folders / "b" / "result.json").unlink()  # Its result is kept nevertheless,
    (at.results / "a.json").unlink()  # and this is made of the folder again.
    assert execute(at, c, b, a) == []
    assert order(at) == ["b", "a", "c"]
    assert at.finished([a, b, c]).keys() == {"a", "b", "c"}


def test_a_run_that_another_study_has_finished_is_taken_from_there(at):
    execute(at, Run("a", ("--seed=0", "--x=1")), Run("b", ("--seed=1",)))
    (at.results / "damaged.json").write_text("{")
    other = runner.Runner(at.run_folders / "other", at.results.with_name("other"), FAKE)
    same, another = Run("same", ("--x=1", "--seed=0")), Run("another", ("--x=1", "--seed=1"))
    found = other.finished([same, another])
    assert found.keys() == {"same"} and (other.results / "same.json").exists()
    assert found["same"].provenance["command"].endswith("--seed=0 --x=1")
    assert execute(other, same) == [] and not (other.run_folders / "same").exists()


def test_result_has_all_that_tables_and_pictures_are_made_of(at):
    run = Run("a", ("--seed=0", "--name=two words"))
    execute(at, run)
    kept = json.loads((at.results / "a.json").read_text())
    assert kept["result"]["normalized_return"] == 0.75 and kept["result"]["resumed"] is False
    assert kept["curve"] == {
        "env_steps": [100, 200],
        "normalized_return": [None, 0.5],
        "return_standard_error": [2.0, 2.0],
    }
    assert kept["provenance"]["command"] == (
        "python experiments/fake_main.py --seed=0 '--name=two words'"
    )
    read = at.finished([run])["a"]
    assert read == result.read("a", at.results) and read.normalized_return == 0.75
    assert list(read.steps) == [100, 200] and str(read.returns) == "[nan 0.5]"
    # The expert is 40 above the random policy.
    assert list(read.standard_errors) == [0.05, 0.05]
    assert os.listdir(at.results) == ["a.json"]
    assert str(at.run_folders) not in (at.results / "a.json").read_text()


def test_provenance_of_each_start(at):
    run = Run("a", ("--die_first",))
    [failure] = execute(at, run)
    assert failure.name == "a" and failure.reason.startswith("status -9: at work")
    assert execute(at, run) == []
    kept = at.finished([run])["a"]
    assert kept.result["resumed"]
    starts = kept.provenance["starts"]
    assert len(starts) == 2
    for start in starts:
        assert start["commit"] == provenance.source()["commit"]
        assert start["cores"] == len(local._available_cores())
        assert start["machine"]["cores"] == os.cpu_count()
        assert start["machine"]["python"] == ".".join(map(str, sys.version_info[:3]))
        assert start["machine"]["tensorflow"] and start["machine"]["processor"]


def test_a_failure_is_told_and_does_not_stop_the_others(at):
    good, bad, late = Run("good", ()), Run("bad", ("--fail",)), Run("late", ())
    log = at.run_folders / "bad" / "log.txt"
    [failure] = execute(at, bad, good, late)
    assert failure == runner.Failure("bad", f"status 3: this went wrong ({log})")
    assert at.finished([good, bad, late]).keys() == {"good", "late"}
    [failure] = execute(at, good, bad, late)  # It is tried again.
    assert order(at) == ["bad", "good", "late", "bad"]
    assert log.read_text().count("at work") == 2


@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_runs_are_of_the_code_whose_commit_is_recorded(before, at, monkeypatch):
    if before is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", before)
    execute(at, Run("a", ()))
    path = json.loads((at.run_folders / "a" / "path.json").read_text())
    assert path[1] == str(provenance.ROOT)  # After the program's own folder.
    assert before is None or path[2].endswith(before)


def test_no_result_is_a_failure(at, tmp_path):
    program = tmp_path / "main.py"
    program.write_text("")
    [failure] = execute(runner.Runner(at.run_folders, at.results, program), Run("a", ()))
    assert failure.reason.startswith("status 0: nothing was written")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot pin processes")
def test_two_at_once_each_on_its_own_cores(at):
    before = os.sched_getaffinity(0)
    runs = Run("a", ("--meet=b",)), Run("b", ("--meet=a",))
    assert execute(at, *runs, processes=2) == []
    shares = [json.loads((at.run_folders / name / "share.json").read_text()) for name in "ab"]
    expected = local.divide(sorted(before), 2)
    assert sorted(share["cores"] for share in shares) == expected
    for share, name in zip(shares, "ab", strict=True):
        count = str(len(share["cores"]))
        names = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
        assert share["threads"] | dict.fromkeys(names, count) == share["threads"]
        start = at.finished(runs)[name].provenance["starts"][0]
        assert start["cores"] == len(share["cores"])
    assert os.sched_getaffinity(0) == before


def test_cores_are_shared_out():
    assert local.divide([0, 1], 1) == [[0, 1]]
    assert local.divide([4, 5, 6, 7, 8], 2) == [[4, 5], [6, 7, 8]]
    assert local.divide([3, 5], 3) == [[3], [5], [3]]


def test_a_run_that_another_process_is_at_is_left_alone(at):
    folder = at.run_folders / "a"
    folder.mkdir(parents=True)
    with (folder / "log.txt").open("ab") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        [failure] = execute(at, Run("a", ()))
    assert "another process" in failure.reason
    assert os.listdir(folder) == ["log.txt"]
    assert execute(at, Run("a", ())) == []


def test_results_of_other_flags_are_not_taken(at):
    execute(at, Run("a", ("--seed=0",)), Run("b", ("--seed=0", "--fail")))
    for name in "ab":
        with pytest.raises(UserError, match="--seed=1"):
            execute(at, Run(name, ("--seed=1",)))
    (at.results / "a.json").unlink()
    with pytest.raises(UserError, match="--seed=1"):
        execute(at, Run("a", ("--seed=1",)))
    assert os.listdir(at.results) == []
    (at.run_folders / "a" / "provenance.json").unlink()  # As if it had been run by hand.
    with pytest.raises(UserError, match="provenance"):
        execute(at, Run("a", ("--seed=0",)))
    assert order(at) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_damaged_results(text, at):
    at.results.mkdir()
    (at.results / "a.json").write_text(text)
    with pytest.raises(UserError, match="damaged"):
        at.finished([Run("a", ())])


@pytest.mark.parametrize("file", ["result.json", "metrics.jsonl", "provenance.json"])
def test_damaged_folders(file, at):
    run = Run("a", ())
    execute(at, run)
    (at.results / "a.json").unlink()
    (at.run_folders / "a" / file).write_text('{"seed": ')
    with pytest.raises(UserError, match="damaged"):
        at.finished([run])


def test_changes_that_are_not_committed(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.source() == {"commit": None, "dirty": None}
    git("init", "-q")
    (tmp_path / "code.py").touch()
    git("add", ".")
    git("commit", "-q", "-m", "a")
    source = provenance.source()
    assert len(source["commit"]) == 40 and source["dirty"] is False
    (tmp_path / "experiments" / "results").mkdir(parents=True)
    (tmp_path / "experiments" / "results" / "a.json").touch()
    assert provenance.source() == source
    (tmp_path / "more_code.py").touch()
    assert provenance.source() == source | {"dirty": True}


def test_commits_in_short():
    starts = [{"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": True}]
    provenances = [{"starts": starts}, {"starts": starts[:1]}, {"starts": [source_less]}]
    assert provenance.commits(provenances) == ["a" * 7, "b" * 7 + " with changes", "unknown"]


source_less = {"commit": None, "dirty": None}


def test_time_left_is_estimated_from_runs_that_are_alike():
    hopper = [Run(f"h{seed}", ("--env=Hopper", f"--seed={seed}")) for seed in range(4)]
    other = Run("other", ("--env=Hopper", "--seed=0", "--novalue"))
    ant = Run("ant", ("--env=Ant",))

    def took(seconds):
        return result.Result("", {"wall_seconds": seconds}, {}, {})

    def left(finished, unfinished, elapsed=None, processes=1):
        return progress.seconds_left(finished, unfinished, elapsed or {}, processes)

    assert left({}, hopper) is None
    assert left({ant: took(10)}, []) == 0
    finished = {hopper[0]: took(100), hopper[1]: took(200), ant: took(30)}
    assert left(finished, [hopper[2]]) == 150
    assert left(finished, [other]) == 150
    assert left(finished, [Run("new", ("--env=CartPole",))]) == 110
    assert left(finished | {other: took(20)}, [hopper[2], other]) == 150 + 20
    assert left(finished, hopper[2:], {"h2": 50, "h3": 1000}) == 100
    assert left(finished, hopper[2:], processes=2) == 150
    assert left(finished, hopper[2:], processes=8) == 150


def test_progress_is_one_line(at, capfd):
    execute(at, Run("a", ()), Run("b", ("--fail",)))
    line = capfd.readouterr().err.strip().split("\r")[-1]
    assert line.endswith("| test: 1 of 2 finished, 0 running, 1 failed, 00:00 left")
    assert "\n" not in line


def test_only_some(at):
    runs = [Run("Hopper-1", ()), Run("Hopper-2", ()), Run("Ant-1", ())]
    assert runner.matching(runs, "*") == runs
    assert runner.matching(runs, "Hopper*") == runs[:2]
    assert runner.matching(runs, "*-1") == [runs[0], runs[2]]
    with pytest.raises(UserError, match="Hopper-1 to Ant-1"):
        runner.matching(runs, "hopper")


def test_the_real_thing_once(at):
    small = "--total_steps=160", "--evaluate_every=80", "--evaluation_episodes=1"
    few = "--final_episodes=1", "--film_every=0", "--noevaluation_process"
    run = Run("Hopper-0", ("--env=Hopper", "--seed=0", "--num_trajectories=1", *small, *few))
    real = runner.Runner(at.run_folders, at.results)
    assert execute(real, run) == []
    kept = real.finished([run])["Hopper-0"]
    assert kept.result["env"] == "Hopper" and kept.result["normalized_return"] is not None
    assert kept.result["env_steps"] == 160
    assert list(kept.steps) == [0, 80, 160] and len(kept.returns) == 3
    assert kept.provenance["command"].startswith("python run/main.py --env=Hopper --seed=0 ")
    assert execute(real, run) == []
    assert len(real.finished([run])["Hopper-0"].provenance["starts"]) == 1
