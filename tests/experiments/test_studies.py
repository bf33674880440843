import importlib
import json
import pathlib
import re

from absl import flags
from absl.testing import flagsaver
import numpy as np
from programs import run
import pytest

from experiments import provenance, runner
from experiments.result import Result
from experiments.studies import (
    ablation,
    authors_hopper,
    cloning,
    figure5,
    newcomer,
    robustness,
    table1,
    units,
)
from mgail_tf.errors import UserError

STUDIES = [ablation, authors_hopper, cloning, figure5, newcomer, robustness, table1, units]


@pytest.fixture(autouse=True)
def parsed():
    flags.FLAGS.mark_as_parsed()


def made(name: str, final: float | None, curve=((1, 0.0),), **result) -> tuple[str, Result]:
    steps, returns = zip(*curve, strict=True)
    curves = {"env_steps": list(steps), "normalized_return": list(returns)}
    return name, Result(name, {"normalized_return": final, **result}, curves, {"starts": []})


def lines(capsys):
    return capsys.readouterr().out.splitlines()


@pytest.fixture(scope="module")
def known_flags(tmp_path_factory):
    """The names of `run/main.py`'s flags."""
    told = run("main.py", "--helpfull", folder=tmp_path_factory.mktemp("help")).stdout
    return set(re.findall(r"^ *--(\w+)", told, re.MULTILINE))


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.__name__.split(".")[-1])
def test_runs_are_told_apart_and_their_flags_exist(study, quick, known_flags):
    runs = study.runs(quick)
    assert len({each.name for each in runs}) == len({each.flags for each in runs}) == len(runs)
    assert all(re.fullmatch(r"[\w-]+", each.name) for each in runs)
    told = {flag for each in runs for flag in each.flags}
    assert all(re.fullmatch(r"--\w+=.+", flag) for flag in told)
    assert {flag.removeprefix("--").partition("=")[0] for flag in told} <= known_flags


def test_ablation_takes_whole_budgets_unless_asked():
    assert len(ablation.runs(False)) == 17 * 3 * 3
    assert "total_steps" not in str(ablation.runs(False))
    with flagsaver.flagsaver(half_budgets=True):
        shorter = ablation.runs(False)
    assert all("--total_steps=" in str(each) for each in shorter)
    assert not {each.name for each in shorter} & {each.name for each in ablation.runs(False)}


def test_ablation_table(capsys, tmp_path):
    results = dict(
        [made("Hopper-all-of-it-100", 0.5), made("HalfCheetah-no-value-102", None)],
    )
    without_matplotlib(lambda: ablation.report(results, tmp_path))
    table = lines(capsys)
    assert table[0] == "| changed | Hopper | HalfCheetah | Hopper with falls |"
    assert table[2] == "| all of it | 0.500 - - | - - - | - - - |"
    assert table[4] == "| no value | - - - | - - not known | - - - |"
    assert len([line for line in table if line.startswith("|")]) == 2 + len(ablation.ROWS)


def test_cloning_table(capsys, tmp_path):
    results = dict([made("Hopper-4-0", 0.5), made("Hopper-4-2", 0.7)])
    cloning.report(results, tmp_path)
    table = lines(capsys)
    assert table[0] == "| task | trajectories | normalised returns | mean |"
    assert table[2] == "| HalfCheetah | 4 | - - - - - | - |"
    assert table[4] == "| Hopper | 4 | 0.500 - 0.700 - - | 0.600 +- 0.100 |"


def test_units_table(capsys, tmp_path):
    results = dict([made("CartPole-Offset", 0.99), made("HalfCheetah-Mixed", 0.5)])
    units.report(results, tmp_path)
    table = lines(capsys)
    assert table[2] == "| CartPole | 1 | 0 | 1 | - |"
    assert table[5] == "| CartPole | 1 | 1e+06 | 1 | 0.990 |"
    assert table[7] == "| HalfCheetah | 1e-06 and 1e+06 | 0 | 1e+06 | 0.500 |"


def test_robustness_has_its_cells():
    names = [each.name for each in robustness.runs(False)]
    for name in "home-Ant-4", "one-Humanoid-bc-0", "thin-CartPole-0", "one_thin-Hopper-2":
        assert name in names
    assert "home-Ant-5" not in names
    with flagsaver.flagsaver(first_seed=100):
        assert "home-Ant-104" in [each.name for each in robustness.runs(False)]
    told = {each.name: each.flags for each in robustness.runs(False)}
    assert {"--env=CartPole", "--subsample=10", "--seed=3"} < set(told["thin-CartPole-3"])
    assert {"--num_trajectories=1", "--subsample=20"} < set(told["one_thin-Hopper-0"])
    assert set(told["home-Ant-bc-2"]) == {*told["home-Ant-2"], "--algorithm=bc"}
    quick = [each.name for each in robustness.runs(True)]
    assert set(quick) <= {f"{name}-100" for name in robustness.QUICK} and len(robustness.QUICK) == 8
    cells = {
        robustness.name(title, cell)
        for title, column in robustness.COLUMNS.items()
        for cell in column.cells
    }
    assert set(robustness.QUICK) < cells


def test_robustness_leaves_out_what_has_no_data(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    data = tmp_path / "expert_data" / "abroad" / "falls" / "Hopper" / "demonstrations"
    data.mkdir(parents=True)
    of_others = [each for each in robustness.runs(False) if "--expert_data" in str(each.flags)]
    assert [each.name for each in of_others if "bc" not in each.name] == [
        "falls-Hopper-0",
        "falls-Hopper-1",
        "falls-Hopper-2",
    ]
    robustness.report({}, tmp_path)
    [told] = lines(capsys)
    assert told.startswith("no demonstrations yet: falls-Walker2d, falls-Ant, falls-Humanoid, ")


def test_robustness_table(capsys, tmp_path):
    means = {"expert_return_mean": 110.0, "random_return_mean": 10.0}

    def cell(name: str, final: float | None, *returns: float, error: float = 0.0):
        curve = [(1000 * (index + 1), level) for index, level in enumerate(returns)]
        seed = int(name.rpartition("-")[2])
        _, result = made(name, final, curve, seed=seed, **means)
        result.curve["return_standard_error"] = [error] * len(returns)
        return name, result

    good = 0.1, 0.96, 0.2, 0.95, 0.97, 0.99, 1.0
    results = dict(
        [
            cell("home-Hopper-1", 0.99, *good),
            cell("home-Hopper-0", 0.98, *good, 0.899),
            cell("home-Hopper-bc-0", 0.5, 0.5),
            cell("home-Walker2d-0", 0.96, *good, 0.899, error=0.1),
            cell("home-Ant-0", 0.95, *good[:3], *good[:3]),
            cell("thin-Hopper-0", None, 0.86, 0.9),
            cell("others-Acrobot-half-2", 0.971, 0.9),
        ]
    )
    robustness.report(results, tmp_path)
    table = [line for line in lines(capsys) if line]
    assert table[0] == "home: at least 0.98, held 0.90"
    assert table[1].startswith("| task | seeds | final return |")
    assert table[3:6] == [
        # 0.2 is six evaluations before the end of seed 0, and five before that of seed 1.
        "| Hopper | 0 1 | 0.980 0.990 | 0.899 0.200 | 4,000 4,000 | 0.500 | no: held |",
        "| Walker2d | 0 | 0.960 | 0.899 | 4,000 | - | yes |",
        "| Ant | 0 | 0.950 | 0.100 | - | - | no: 0.96, held, 20,000 steps |",
    ]
    assert table[6] == "thin: at least 0.95, held 0.85"
    assert table[9] == "| Hopper | 0 | not known | 0.860 | - | - | no: 0.95 |"
    assert table[10] == "others: at least 0.97, held 0.90"
    assert table[13] == "| Acrobot half | 2 | 0.971 | 0.900 | - | - | yes |"


def test_figure5_table(capsys, tmp_path):
    curve = (100, 0.0), (200, 0.2), (300, 0.4), (400, 0.8)
    results = dict([made(f"Hopper-advanced-{seed}", 0.9, curve) for seed in (0, 2)])
    without_matplotlib(lambda: figure5.report(results, tmp_path))
    table = lines(capsys)
    assert table[2] == "| Hopper | basic | - | - | - - - |"
    assert table[3] == "| Hopper | advanced | 0.35 0.35 | 0.60 0.60 | 0.900 - 0.900 |"


def test_newcomer_table(capsys, tmp_path):
    final = {"episodes": 2, "random_return_mean": -1200.0, "return_mean": -700.0}
    newcomer.report(dict([made("Pendulum-v1-0", 0.5, **final)]), tmp_path)
    table = lines(capsys)
    assert table[0].startswith("| task | expert, same 50 starts | random |")
    [task, expert, random, returned, normalized] = table[2].strip("| ").split(" | ")
    assert (task, random, returned) == ("Pendulum-v1", "-1200.0", "-700.0")
    assert float(normalized) == pytest.approx(500 / (1200 + float(expert)), abs=1e-3)


def test_authors_table(capsys, tmp_path):
    curve = (400_000, 0.2), (500_000, 0.4), (500_001, 0.6), (1_500_000, 0.95)
    speed = {"env_steps": 1_500_000, "wall_seconds": 350.0, "evaluation_seconds": 50.0}
    results = dict(
        [made(f"Hopper-{seed}", 0.9, curve, **speed) for seed in (0, 2)],
    )
    authors_hopper.report(results, tmp_path)
    table = lines(capsys)
    assert len(table) == 7
    assert table[2] == (
        "| the authors' code, seed 0 | 0.20 | 0.32 | 0.37 | 0.44 | 0.45 | 0.29 "
        "| 0.38 | 0.99 | 3 of 99 | - | - |"
    )
    assert table[3] == (
        "| seed 0 | 0.30 | 0.60 | 0.95 | - | - | - | 0.77 | 0.95 | 1 of 4 | 0.90 | 5,000 |"
    )
    assert table[5].startswith("| all seeds | 0.30 | 0.60 | 0.95 | ")
    assert "2 of 8" in table[5]
    authors_hopper.report(results | dict([made("CartPole-0", 1.0, curve, **speed)]), tmp_path)
    assert lines(capsys)[-1].startswith("| CartPole | 0.30 | 0.60 | 0.95 | - ")
    for text in "", "a,b\n1,2\n", "env_steps,normalised_return\n1,x\n":
        (tmp_path / "curve.csv").write_text(text)
        with (
            flagsaver.flagsaver(authors_curve=str(tmp_path / "curve.csv")),
            pytest.raises(UserError, match="authors_curve"),
        ):
            authors_hopper.report(results, tmp_path)


def without_matplotlib(report):
    """A report, whether or not its picture can be drawn."""
    try:
        importlib.import_module("matplotlib")
    except ImportError:
        with pytest.raises(UserError, match="pip install matplotlib"):
            report()
    else:
        report()


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    ("study", "picture"), [(ablation, "ablation.png"), (figure5, "figure5.png")]
)
def test_pictures(study, picture, complete, tmp_path):
    pytest.importorskip("matplotlib")
    runs = study.runs(False) if complete else study.runs(False)[::5]
    rising = [(steps, steps / 1e6) for steps in range(0, 1_000_000, 100_000)]
    results = dict(made(each.name, 0.5, rising) for each in runs)
    study.report(results, tmp_path / "pictures")
    image = importlib.import_module("matplotlib.image").imread(tmp_path / "pictures" / picture)
    assert image.shape[0] > 300 and np.ptp(image[..., :3]) > 0.5


def test_committed_results_are_of_the_runs_that_the_studies_have():
    for study in STUDIES:
        name = study.__name__.split(".")[-1]
        commands = {
            each.name: provenance.portable(pathlib.Path("run/main.py"), each.flags)
            for half in (False, True)
            for each in with_budgets(study, half)
        }
        for file in (provenance.ROOT / "experiments" / "results" / name).glob("*.json"):
            kept = json.loads(file.read_text())
            assert kept["name"] == file.stem
            # A study may have taken it from another one, whose flags are in another order.
            assert runner.words(kept["provenance"]["command"]) == runner.words(commands[file.stem])


def with_budgets(study, half):
    with flagsaver.flagsaver(half_budgets=half):
        return study.runs(False)
