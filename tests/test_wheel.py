"""The built wheel alone, as a user has it: outside the repository, in a read-only folder."""

import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig
import zipfile

from programs import ROOT
import pytest

import mgail_tf
from mgail_tf.tasks import TASKS

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
# What is drawn at first use: it is too large.
NOT_SHIPPED = {"Humanoid"}


def call(*arguments, folder, **variables):
    """Runs a program that finds nothing of the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment | variables,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built of a copy, because building writes beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    unwanted = shutil.ignore_patterns("__pycache__", "training")
    shutil.copytree(ROOT / "expert_data", tree / "expert_data", ignore=unwanted)
    shutil.copytree(
        ROOT / "mgail_tf", tree / "mgail_tf", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in "pyproject.toml", "README.md", "LICENSE":
        shutil.copy(ROOT / name, tree)
    # Demonstrations that somebody drew, or kept, beside those that come with the package.
    shutil.copytree(
        tree / "expert_data" / "CartPole" / "demonstrations" / "1",
        tree / "expert_data" / "CartPole" / "demonstrations" / "77",
    )
    call(*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, tree, folder=folder)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_module_is_in_it_and_nothing_else_of_the_repository(names):
    modules = {str(file.relative_to(ROOT)) for file in (ROOT / "mgail_tf").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert "mgail_tf/py.typed" in names
    information = f"mgail_tf-{mgail_tf.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"mgail_tf", information}
    assert f"{information}/licenses/LICENSE" in names


def test_experts_and_the_demonstrations_that_come_with_them_are_in_it(names):
    data = Path("mgail_tf", "expert_data")
    for task, settings in TASKS.items():
        for name in "saved_model.pb", "variables/variables.data-00000-of-00001":
            assert str(data / task / "expert" / name) in names
        assert str(data / task / "expert.json") in names
        drawn = {name.split("/")[4] for name in names if f"/{task}/demonstrations/" in name}
        assert drawn == ({str(settings.num_trajectories)} if task not in NOT_SHIPPED else set())


def test_its_version_is_that_of_the_documents(wheel):
    assert wheel.name.startswith(f"mgail_tf-{mgail_tf.__version__}-py3-none-any")
    assert f"\nversion: {mgail_tf.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {mgail_tf.__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A virtual environment with the wheel; what it depends on is that of this one."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    # Of a folder that is named in a file like this, no other such file is read. So an editable
    # installation of the repository is not found there.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "bin" / "python"
    call(*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel, folder=folder)
    for path in packages.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in packages.rglob("*"):
        path.chmod(0o755)


def state(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_it_draws_trains_and_evaluates_elsewhere(installed, tmp_path):
    programs, [package] = installed / "bin", installed.glob("lib/python*/site-packages/mgail_tf")
    before = state(package)

    def run(program, *arguments):
        cache = str(tmp_path / "cache")
        return call(programs / program, *arguments, folder=tmp_path, MGAIL_TF_CACHE=cache)

    found = "import mgail_tf; print(mgail_tf.__file__, mgail_tf.__version__)"
    place, version = run("python", "-c", found).split()
    assert Path(place).parent == package and version == mgail_tf.__version__

    expert = package / "expert_data" / "CartPole" / "expert"
    said = run("mgail-evaluate", "--saved_model", expert, "--env=CartPole", "--episodes=1")
    assert said.startswith("return 200.0")

    small = ["--total_steps=80", "--final_episodes=1", "--evaluation_episodes=1"]
    run("mgail-train", "--env=CartPole", *small)
    assert (tmp_path / "runs" / "CartPole-0" / "result.json").exists()
    assert sorted(os.listdir(tmp_path)) == ["runs"]

    said = run("mgail-collect-demonstrations", "--env=CartPole", "--num_trajectories=2")
    assert said.startswith(str(tmp_path / "cache")) and "400 pairs" in said
    assert state(package) == before
