import json
import os

import numpy as np
import pytest

from mgail_tf import strict_json
from mgail_tf.errors import UserError


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


FORM = {"name": str, "level": float | None, "curve": [(int, float)], "of": {"seed": int}}
GOOD = '{"name": "a", "level": null, "curve": [[1, 2.5]], "of": {"seed": 3, "more": []}}'


def test_a_value_of_its_form_is_read(tmp_path):
    (tmp_path / "a.json").write_text(GOOD)
    assert strict_json.read(tmp_path / "a.json", FORM) == json.loads(GOOD)


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [
        ("null", "NaN", "NaN is no number of JSON"),
        ("null", "-Infinity", "-Infinity is no number"),
        ("null", "1e999", "1e999 is no number of JSON, or too large"),
        ("null", "-" + "9" * 21, "-9999999999999999999... is too large"),
        ("null", "9" * 5000, "99999999999999999999... is too large"),
        ("null", '"high"', "'level' is a str"),
        ('"a"', '"\\ud800"', "surrogates not allowed"),
        ('"a"', "3", "'name' is a int"),
        ('"name": "a", ', "", "it has no 'name'"),
        ("[[1, 2.5]]", "[[1]]", "a part of 'curve' has 1 parts, and should have 2"),
        ("[[1, 2.5]]", "{}", "'curve' is a dict"),
        ('"seed": 3, ', "", "'of' has no 'seed'"),
        (GOOD, "[" * 100_000, "nested too deeply"),
        (GOOD, "", "Expecting value"),
        (GOOD, "[]", "it is a list"),
        (GOOD, GOOD + GOOD, "Extra data"),
    ],
)
def test_what_is_damaged_is_told_in_one_line(found, instead, message, tmp_path):
    assert found in GOOD
    (tmp_path / "a.json").write_text(GOOD.replace(found, instead))
    with pytest.raises(UserError, match=f"a.json is damaged .*{message}.*; mend it") as refused:
        strict_json.read(tmp_path / "a.json", FORM, "mend it")
    assert "\n" not in str(refused.value)


def test_what_is_no_text_or_no_file(tmp_path):
    (tmp_path / "a.json").write_bytes(b'"\xff"')
    with pytest.raises(UserError, match="a.json is damaged .*utf-8"):
        strict_json.read(tmp_path / "a.json")
    with pytest.raises(UserError, match="cannot be read .*directory"):
        strict_json.read(tmp_path)


@pytest.mark.parametrize("read", [strict_json.read, strict_json.read_lines])
def test_a_pipe_is_not_waited_for(read, tmp_path):
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(UserError, match=r"a\.json is no file; choose another"):
        read(tmp_path / "a.json", advice="choose another")


def test_lines(tmp_path):
    file = tmp_path / "a.jsonl"
    assert strict_json.read_lines(file) == []
    file.write_text("1\n2\n")
    assert strict_json.read_lines(file) == [1, 2]
    file.write_text('1\n{"a')
    assert strict_json.read_lines(file, may_be_cut=True) == [1]
    with pytest.raises(UserError, match="damaged .line 2: "):
        strict_json.read_lines(file)
    file.write_text("1\nNaN\n3\n4")
    assert len(file.read_text().splitlines()) == 4
    with pytest.raises(UserError, match="damaged .line 2: NaN"):
        strict_json.read_lines(file, may_be_cut=True)
    file.write_bytes(b"1\n\xff\n")
    with pytest.raises(UserError, match="cannot be read .*utf-8"):
        strict_json.read_lines(file, may_be_cut=True)
