import json

import pytest

from mgail_tf import config as configs
from mgail_tf import surroundings
from mgail_tf.errors import DataWarning, UserError
from mgail_tf.training.run_folder import RunFolder, check

CONFIG = configs.make("CartPole", seed=3)


def write_metrics(folder, *lines):
    for env_steps, normalized_return in lines:
        folder.write_metrics({"env_steps": env_steps, "normalized_return": normalized_return}, {})


def of_a_run(path, *lines):
    """A folder of a run that has written lines of metrics, and a checkpoint."""
    folder = RunFolder(path, CONFIG)
    write_metrics(folder, *lines)
    folder.checkpoints.mkdir(exist_ok=True)
    (folder.checkpoints / "ckpt-1.index").touch()


def test_a_folder_holds_the_settings(tmp_path):
    RunFolder(tmp_path / "a" / "run", CONFIG)
    written = json.loads((tmp_path / "a" / "run" / "config.json").read_text())
    assert written.pop("run_folder_version") == 11
    assert written.pop("demonstrations_fingerprint") is None
    assert written.pop("made_with") == surroundings.describe()
    assert written == CONFIG.flat()
    assert written["seed"] == 3 and written["policy_hidden"] == [100, 50]


def test_the_same_settings_may_use_it_again(tmp_path):
    RunFolder(tmp_path, CONFIG)
    check(tmp_path, configs.make("CartPole", seed=3))
    RunFolder(tmp_path, configs.make("CartPole", seed=3))


def test_other_settings_change_nothing(tmp_path):
    RunFolder(tmp_path, CONFIG)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert before
    with pytest.raises(UserError, match=r"discount=0.99, not 0.9; choose another folder"):
        RunFolder(tmp_path, configs.make("CartPole", seed=3, discount=0.9))
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("total_steps", [6_000, 4_000, 960])
def test_a_run_may_go_on_with_another_budget(total_steps, tmp_path):
    of_a_run(tmp_path, (480, 0.5), (960, 0.6))
    RunFolder(tmp_path, configs.make("CartPole", seed=3, total_steps=total_steps))
    assert json.loads((tmp_path / "config.json").read_text())["total_steps"] == total_steps


def test_a_run_may_be_reported_otherwise(tmp_path):
    RunFolder(tmp_path, CONFIG)
    changed = {"evaluate_every": 7, "evaluation_episodes": 3, "final_episodes": 4, "film_every": 0}
    check(tmp_path, configs.make("CartPole", seed=3, **changed))
    assert json.loads((tmp_path / "config.json").read_text())["evaluate_every"] == 0
    RunFolder(tmp_path, configs.make("CartPole", seed=3, **changed))
    assert changed.items() <= json.loads((tmp_path / "config.json").read_text()).items()


def test_a_budget_of_fewer_steps_than_were_taken_is_refused(tmp_path):
    of_a_run(tmp_path, (480, 0.5), (960, 0.6))
    with pytest.raises(UserError, match="has taken 960 steps, more than `total_steps=959`"):
        check(tmp_path, configs.make("CartPole", seed=3, total_steps=959))
    assert json.loads((tmp_path / "config.json").read_text())["total_steps"] == 2_500


def test_a_run_without_its_checkpoints_does_not_begin_anew(tmp_path):
    of_a_run(tmp_path, (0, 0.1), (480, 0.5))
    (tmp_path / "checkpoints" / "ckpt-1.index").unlink()
    before = (tmp_path / "metrics.jsonl").read_text()
    with pytest.raises(UserError, match="has taken 480 steps, and its checkpoints are gone"):
        RunFolder(tmp_path, CONFIG)
    assert (tmp_path / "metrics.jsonl").read_text() == before
    # One that was killed before its first checkpoint does.
    (tmp_path / "metrics.jsonl").write_text(before.splitlines()[0])
    RunFolder(tmp_path, CONFIG)


def test_the_folder_stays_where_it_is_when_the_working_directory_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = RunFolder("run", CONFIG)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    write_metrics(folder, (20, 0.25))
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 1
    assert folder.checkpoints.is_absolute() and folder.saved_model.is_absolute()


def test_another_algorithms_run_is_told_apart(tmp_path):
    RunFolder(tmp_path, CONFIG)
    with pytest.raises(UserError, match="algorithm=mgail, not bc"):
        RunFolder(tmp_path, configs.make("CartPole", seed=3, algorithm="bc"))


def test_what_goes_on_with_another_tensorflow_or_processor_is_told_once(tmp_path, recwarn):
    RunFolder(tmp_path, CONFIG)
    file = tmp_path / "config.json"
    written = json.loads(file.read_text())
    here = written["made_with"]
    written["made_with"] = here | {"tensorflow": "2.20.0", "processor": "an abacus"}
    file.write_text(json.dumps(written))
    assert not recwarn
    told = "begun with tensorflow 2.20.0, processor an abacus, and goes on with tensorflow"
    with pytest.warns(DataWarning, match=told) as warned:
        RunFolder(tmp_path, CONFIG)
    assert "\n" not in str(warned[0].message)
    recwarn.clear()
    RunFolder(tmp_path, CONFIG)
    assert not recwarn and json.loads(file.read_text())["made_with"] == here


@pytest.mark.parametrize("version", [None, *range(1, 11), 12])
def test_a_run_of_another_version_is_refused_in_one_line(version, tmp_path):
    RunFolder(tmp_path, CONFIG)
    file = tmp_path / "config.json"
    written = json.loads(file.read_text())
    # The first version had no number, and other names.
    written.pop("run_folder_version")
    written["cut_after"] = written.pop("mean_cut_length")
    if version:
        written["run_folder_version"] = version
    file.write_text(json.dumps(written))
    with pytest.raises(UserError, match="run of another version of mgail_tf.*another folder") as e:
        check(tmp_path, CONFIG)
    assert str(tmp_path) in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize("content", [b"[]", b"{", b"3", b"\xff"])
def test_damaged_settings(content, tmp_path):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        RunFolder(tmp_path, CONFIG)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    for use in check, RunFolder:
        with pytest.raises(UserError, match="logdir.*cannot be written"):
            use(tmp_path / "file" / "run", CONFIG)


def test_checking_makes_nothing(tmp_path):
    check(tmp_path / "run", CONFIG)
    assert not list(tmp_path.iterdir())


def test_metrics_are_read_without_an_unfinished_line(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    assert folder.metrics() == []
    write_metrics(folder, (20, 0.25), (40, None))
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"env_steps": 60, "norm')
    expected = [
        {"env_steps": 20, "normalized_return": 0.25},
        {"env_steps": 40, "normalized_return": None},
    ]
    assert folder.metrics() == expected
    for evaluations, env_steps, kept in (3, 40, 2), (2, 50, 2), (3, 39, 1):
        folder.forget_after(evaluations, env_steps)
        assert folder.metrics() == expected[:kept]
    assert (tmp_path / "metrics.jsonl").read_text() == json.dumps(expected[0]) + "\n"
    # Without environment steps, as cloning has them, only the number of evaluations tells.
    folder.forget_after(0, 50)
    assert folder.metrics() == []


def test_lines_that_are_removed_while_a_run_goes_on_are_written_again(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    write_metrics(folder, (20, 0.25), (40, 0.5))
    (tmp_path / "metrics.jsonl").unlink()
    write_metrics(folder, (60, 0.75))
    assert [line["env_steps"] for line in folder.metrics()] == [20, 40, 60]


def test_first_reached_is_the_first_line_at_or_above(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    assert folder.first_reached(-100.0) is None
    write_metrics(folder, (20, None), (40, -0.5), (60, 0.75), (80, 0.5), (100, 0.875))
    for level, steps in (-1.0, 40), (0.0, 60), (0.75, 60), (0.8, 100):
        line = folder.first_reached(level)
        assert line and line["env_steps"] == steps
    assert folder.first_reached(0.9) is None


def test_result_is_json(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.write_result({"env": "CartPole", "steps_to_95": None})
    written = json.loads((tmp_path / "result.json").read_text())
    assert written == {"env": "CartPole", "steps_to_95": None}


def test_what_is_not_finite_is_null_in_every_file(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.write_metrics({"env_steps": 20, "normalized_return": float("nan")}, {})
    folder.write_result({"return_mean": float("inf")})
    assert folder.metrics() == [{"env_steps": 20, "normalized_return": None}]
    folder.forget_after(1, 20)
    for file in tmp_path.glob("*.json*"):
        assert "NaN" not in file.read_text() and "Infinity" not in file.read_text()


def test_other_demonstrations_are_refused_in_one_line(tmp_path):
    RunFolder(tmp_path, CONFIG, "one")
    RunFolder(tmp_path, CONFIG, "one")
    check(tmp_path, CONFIG)  # They may not be known yet.
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(UserError, match="learned from other demonstrations.*another `logdir`") as e:
        RunFolder(tmp_path, CONFIG, "other")
    assert "\n" not in str(e.value) and "damaged" not in str(e.value)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
