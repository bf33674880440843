"""The experts that come with the package, and demonstrations drawn from them."""

import hashlib
import os
import pathlib

import platformdirs

from mgail_tf.data import minari_writer
from mgail_tf.envs.episodes import MOST_EPISODES, play
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.seeds import DRAWING_SEED

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
# Installed, the experts are within the package; in the repository they are beside it.
FOLDER = next(
    (path for path in (PACKAGE / "expert_data", PACKAGE.parent / "expert_data") if path.is_dir()),
    PACKAGE / "expert_data",
)
CACHE_VARIABLE = "MGAIL_TF_CACHE"


def cache() -> pathlib.Path:
    """Returns the user's folder for what is drawn at first use.

    The environment variable MGAIL_TF_CACHE names it; without it, it is where the system keeps
    caches. The package's own folder would not do, because it may be read-only.
    """
    folder = os.environ.get(CACHE_VARIABLE)
    return pathlib.Path(folder) if folder else platformdirs.user_cache_path("mgail_tf")


def demonstrations(env_name: str, num_trajectories: int) -> pathlib.Path:
    """Returns the folder of a task's demonstrations, and draws them if the package has none.

    Drawn demonstrations are kept in the user's cache. A folder there is named after the expert's
    weights, so demonstrations of an earlier expert are never taken for those of a new one.

    Args:
      env_name: a task.
      num_trajectories: number of episodes.

    Raises:
      UserError: there is no such expert, or the cache cannot be written.
    """
    folder = place(env_name, num_trajectories)
    if not folder.exists():
        minari_writer.check_new(folder)
        draw(find(env_name), env_name, num_trajectories, DRAWING_SEED, folder)
    return folder


def find(env_name: str) -> pathlib.Path:
    """Returns the folder of a task's expert, a SavedModel.

    Raises:
      UserError: there is no such expert.
    """
    expert = FOLDER / env_name / "expert"
    if not expert.is_dir():
        raise UserError(f"there is no expert for {env_name}; give `expert_data`")
    return expert


def place(env_name: str, num_trajectories: int) -> pathlib.Path:
    """The folder that `demonstrations` gives, whether it is there yet or not.

    Raises:
      UserError: there is no such expert.
    """
    make_environment(env_name).close()
    expert = find(env_name)
    if not 1 <= num_trajectories <= MOST_EPISODES:
        raise UserError(
            f"`num_trajectories={num_trajectories}`: must be from 1 to {MOST_EPISODES:,}"
        )
    shipped = FOLDER / env_name / "demonstrations" / str(num_trajectories)
    if shipped.is_dir():
        return shipped
    name = f"{env_name}-{_fingerprint(expert)}"
    return cache() / "demonstrations" / name / str(num_trajectories)


def _fingerprint(expert: pathlib.Path) -> str:
    weights = (expert / "variables" / "variables.data-00000-of-00001").read_bytes()
    return hashlib.sha256(weights).hexdigest()[:8]


def draw(
    expert_folder: str | pathlib.Path,
    env_name: str,
    num_trajectories: int,
    seed: int,
    folder: str | pathlib.Path,
) -> None:
    """Draws trajectories from a stochastic expert and writes them as a Minari dataset.

    Args:
      expert_folder: a SavedModel with a `stochastic` signature.
      env_name: as in `make_environment`.
      num_trajectories: number of episodes.
      seed: episode i is reset with seed + i, and the expert's noise is drawn from it too.
      folder: where the dataset goes; must not exist.

    Raises:
      UserError: there is no such SavedModel, or the folder cannot be written.
    """
    from mgail_tf import loaded_policy  # It imports TensorFlow, which takes seconds.

    episodes = play(
        loaded_policy.sampler(loaded_policy.load(expert_folder), seed),
        env_name,
        num_trajectories,
        seed,
        progress=f"drawing {env_name} demonstrations",
    )
    if pathlib.Path(folder).exists():
        return  # Another run has drawn the same dataset meanwhile.
    minari_writer.write(
        episodes,
        env_name,
        folder,
        algorithm_name="TRPO, stochastic policy",
        description=(
            f"{num_trajectories} trajectories drawn from the expert "
            f"{pathlib.Path(expert_folder).parent.name} with seed {seed}"
        ),
    )
