import contextlib
import io

import pytest

from mgail_tf.training.progress import Progress, level_of

METRICS = {"return_mean": 123.456, "normalized_return": 0.875, "imitation_distance": 0.05}


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def lines(self):
        return [line.strip() for line in self.getvalue().replace("\r", "\n").splitlines()]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")
    return Terminal()


def show(progress, total: int | None = 200):
    with progress:
        progress.phase("loading TensorFlow")
        progress.begin(total, 40)
        progress.phase("compiling")
        for done in range(41, 81):
            progress.phase("")
            progress.advance(done)
        progress.phase("evaluating")
        progress.evaluated(METRICS, 140.0)
        progress.phase("")


def test_a_log_gets_the_phases_of_the_start_and_a_line_for_each_evaluation(capsys):
    show(Progress("Hopper"))
    *begin, evaluated = capsys.readouterr().out.splitlines()
    assert begin == ["Hopper (loading TensorFlow)", "Hopper (compiling)"]
    assert evaluated.startswith("Hopper: 80 of 200 steps, 00:00 left")
    assert evaluated.endswith(", return 123.46, expert 140, normalized 0.88, distance 0.050")


def test_a_terminal_gets_a_bar(terminal, capsys):
    with contextlib.redirect_stderr(terminal):
        show(Progress("Hopper"))
    lines = terminal.lines()
    assert "Hopper (loading TensorFlow)" in lines
    assert any(line.startswith("Hopper (compiling):  20%|") for line in lines)
    assert any(line.startswith("Hopper (evaluating):  40%|") for line in lines)
    last = [line for line in lines if line][-1]
    assert last.startswith("Hopper:  40%|")
    assert last.endswith("left, return 123.46, expert 140, normalized 0.88, distance 0.050")
    assert not capsys.readouterr().out


def test_rounds_have_no_end(terminal):
    with contextlib.redirect_stderr(terminal):
        show(Progress("Hopper"), total=None)
    assert [line for line in terminal.lines() if line][-1].startswith("Hopper: 80 rounds, 00:0")


def test_nothing_is_shown_to_who_does_not_want_it(terminal, capsys):
    with contextlib.redirect_stderr(terminal):
        show(Progress("Hopper", shown=False))
    assert not terminal.getvalue() and not capsys.readouterr().out


def test_the_terminal_is_left_clean_before_an_error(terminal):
    redirected = contextlib.redirect_stderr(terminal)
    with redirected, pytest.raises(KeyError), Progress("Hopper") as progress:
        progress.phase("loading TensorFlow")
        raise KeyError
    assert terminal.getvalue().endswith("\r") and not terminal.lines()[-1]


def test_what_is_not_known_is_not_shown():
    alone = {"return_mean": 3.0, "normalized_return": None, "imitation_distance": None}
    assert level_of(alone, None) == "return 3"
    unknown = alone | {"return_mean": None}
    assert level_of(unknown, 5.0) == "return unknown, expert 5"
