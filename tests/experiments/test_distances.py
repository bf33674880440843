import json

import numpy as np
import pytest

from experiments import distances


def test_closeness_is_set_against_returns():
    returns = np.array([0.0, 0.5, 0.85, 0.9, 0.95, 1.0])
    perfect = distances.correlations(1.0 - returns, returns)
    assert perfect == pytest.approx((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    # The best is taken for the third of the good ones.
    swapped = distances.correlations(np.array([5.0, 4.0, 3.0, 1.0, 0.5, 2.0]), returns)
    assert swapped.all == pytest.approx(1 - 6 * (1 + 1 + 4) / (6 * 35))
    assert swapped.good == pytest.approx(1 - 6 * (1 + 1 + 4) / (4 * 15))
    assert (swapped.closest, swapped.last, swapped.best) == (0.95, 1.0, 1.0)


def test_equal_returns_limit_what_can_be_reached():
    returns = np.array([0.0, 0.5, 1.0, 1.0, 1.0, 1.0])
    found = distances.correlations(np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0]), returns)
    assert found.all == found.all_at_most == pytest.approx(0.85, abs=0.01)
    assert np.isnan(found.good)  # Nothing varies.


def test_table(tmp_path):
    for index, levels in enumerate([(0.1, 0.9), (0.3,), ()]):
        folder = tmp_path / "study" / str(index)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({"env": "Hopper"}))
        # Earlier versions measured no distance; neither has every run a return.
        lines = [{"normalized_return": 0.7}, {"normalized_return": None, "imitation_distance": 0.1}]
        lines += [
            {"normalized_return": level, "imitation_distance": 1.0 - level} for level in levels
        ]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = sorted(tmp_path.rglob("metrics.jsonl"))
    found = distances.by_task(file.parent for file in files)
    assert [len(runs) for runs in found.values()] == [2]
    expected = ("Hopper", "2", "-", "-", "-", "-", "0.60", "0.60", "0.60")
    assert distances.row("Hopper", found["Hopper"]) == expected
