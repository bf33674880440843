import pathlib
import shlex
import sys

from programs import ROOT
import pytest
import thirdparty  # noqa: F401

from mgail_tf.commands.next_steps import next_steps


@pytest.mark.parametrize(
    ("program", "called"),
    [(ROOT / "run" / "main.py", "evaluate.py"), ("/venv/bin/mgail-train", "mgail-evaluate")],
)
def test_commands_name_programs_that_are_beside_this_one(program, called, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(program)])
    folder = pathlib.Path("my runs", "it's")
    commands = {}
    for line in next_steps("CartPole", folder).splitlines()[1:]:
        name, *command = shlex.split(line.replace("\n", ""))
        commands[name] = command
    assert list(commands) == ["evaluate", "film", "curves", "deploy"]
    assert any(word.endswith(called) for word in commands["evaluate"][:2])
    if called.endswith(".py"):
        assert pathlib.Path(commands["evaluate"][1]).is_file()
        assert pathlib.Path(commands["deploy"][1]).is_file()
    told = ["--saved_model", str(folder / "saved_model"), "--env", "CartPole"]
    assert commands["evaluate"][-4:] == told
    assert commands["curves"][-1] == str(folder / "tensorboard")
    assert commands["film"][-1] in (str(folder / "episode.mp4"), str(folder / "episode.gif"))


def test_what_cannot_be_rendered_is_not_filmed(monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(ROOT / "run" / "main.py")])
    told = next_steps("Double-v0", pathlib.Path("out"))
    assert "film" not in told and "--env Double-v0" in told
