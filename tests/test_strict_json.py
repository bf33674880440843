import json

import numpy as np
import pytest

from mgail_tf import strict_json


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_what_is_not_finite_is_null_wherever_it_is():
    value = {
        "a": float("nan"),
        "b": [1.5, -np.inf, (2, np.float64("inf"))],
        "c": {"d": np.array([[0.5, np.nan]]), "e": np.float32(0.25), "f": np.int64(3)},
        "g": [True, None, "NaN"],
    }
    read = json.loads(strict_json.dumps(value), parse_constant=refuse)
    assert read == {
        "a": None,
        "b": [1.5, None, [2, None]],
        "c": {"d": [[0.5, None]], "e": 0.25, "f": 3},
        "g": [True, None, "NaN"],
    }


def test_what_has_no_json_is_an_error():
    with pytest.raises(TypeError):
        strict_json.dumps({"a": object()})
