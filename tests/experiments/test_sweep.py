"""A search for hyperparameters, on a cluster of this machine."""

import json
import pathlib

import pytest
import ray_nodes

pytest.importorskip("ray")

from experiments import cluster, search, sweep, trial
from mgail_tf.errors import UserError

FAKE = pathlib.Path(__file__).with_name("fake_main.py")


def test_what_is_searched():
    assert sweep.parse("noise_stddev=0.1:1") == ("noise_stddev", [0.1, 1.0], True)
    assert sweep.parse("mean_cut_length=0,300") == ("mean_cut_length", [0, 300], False)
    assert sweep.parse("use_value=true,false").values == [True, False]
    with pytest.raises(UserError, match="there is no option rewards"):
        sweep.parse("rewards=0:1")


def test_options_become_flags():
    options = {"env": "CartPole", "use_value": False, "learn_noise": True}
    options |= {"policy_hidden": (10, 5), "noise_stddev": 0.123456, "seed": 3}
    assert trial.words(options) == [
        "--env=CartPole",
        "--nouse_value",
        "--learn_noise",
        "--policy_hidden=10,5",
        "--noise_stddev=0.123456",
        "--seed=3",
    ]


def test_a_search_finds_what_is_closest_and_goes_on(tmp_path, capsys):
    """The fake's distance is least where the noise is 0.3."""
    storage = tmp_path / "storage"
    values = [0.1, 0.25, 0.7]

    def execute(command="it"):
        with cluster.joined(address, str(storage)):
            space = {"noise_stddev": search.tune.grid_search(values)}
            results = search.execute(space, ["--seed=3"], 1000, 1, str(storage), 1, command, FAKE)
            sweep.report(results, ["noise_stddev"], ["--seed=3"], str(storage))
        copies = storage.glob("*_*/provenance.json")
        return {file.parent.name: len(json.loads(file.read_text())["starts"]) for file in copies}

    with ray_nodes.cluster(1) as (address, _):
        starts = execute()
        told = capsys.readouterr().out
        assert list(starts.values()) == [1, 1, 1]
        assert execute() == starts
        with pytest.raises(UserError, match="is of `it`, not of `another`; choose another"):
            execute("another")
    rows = [line.split() for line in told.splitlines() if line.startswith("|")]
    assert [(row[3], row[7]) for row in rows[2:]] == [
        ("0.25", "0.050"),
        ("0.1", "0.200"),
        ("0.7", "0.400"),
    ]
    assert "python run/main.py --seed=3 --noise_stddev=0.25\n" in told
    assert f"its run folder is {storage}/{rows[2][1]}" in told
