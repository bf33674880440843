"""A search for hyperparameters, on a cluster of this machine."""

from programs import ROOT, python
import pytest

pytest.importorskip("ray")

from experiments import sweep, trial
from mgail_tf.errors import UserError


def test_what_is_searched():
    assert sweep.parse("noise_stddev=0.1:1") == ("noise_stddev", [0.1, 1.0], True)
    assert sweep.parse("mean_cut_length=0,300") == ("mean_cut_length", [0, 300], False)
    assert sweep.parse("use_value=true,false").values == [True, False]
    with pytest.raises(UserError, match="there is no option reward"):
        sweep.parse("reward=0:1")


def test_options_become_flags():
    options = {"env": "CartPole", "use_value": False, "learn_noise": True}
    options |= {"policy_hidden": (10, 5), "noise_stddev": 0.123456, "seed": 3}
    assert trial.words(options) == [
        "--env=CartPole",
        "--nouse_value",
        "--learn_noise",
        "--policy_hidden=10,5",
        "--noise_stddev=0.1235",
        "--seed=3",
    ]
