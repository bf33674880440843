"""Demonstrations drawn from an expert."""

import pathlib

from mgail_tf import deployed_policy
from mgail_tf.data import minari_writer
from mgail_tf.envs.episodes import play
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.seeds import DRAWING_SEED


def draw_if_missing(expert_data, env_name, num_trajectories):
    """The folder of a task's demonstrations, drawn from its expert at first use.

    Args:
      expert_data: the folder of all experts; the task's is `expert_data`/`env_name`.
      env_name: a task.
      num_trajectories: number of episodes.

    Raises:
      UserError: there is no such expert, or the folder cannot be written.
    """
    make_environment(env_name)
    expert = pathlib.Path(expert_data, env_name, "expert")
    folder = pathlib.Path(expert_data, env_name, "demonstrations", str(num_trajectories))
    if not expert.exists():
        raise UserError(f"there is no expert for {env_name}; give --expert_data")
    if num_trajectories < 1:
        raise UserError(f"--num_trajectories={num_trajectories}: must be at least 1")
    if not folder.exists():
        draw(expert, env_name, num_trajectories, DRAWING_SEED, folder)
    return folder


def draw(expert_folder, env_name, num_trajectories, seed, folder):
    """Draws trajectories from a stochastic expert and writes them as a Minari dataset.

    Args:
      expert_folder: a SavedModel with a `stochastic` signature.
      env_name: as in `environments.make`.
      num_trajectories: number of episodes.
      seed: episode i is reset with seed + i, and the expert's noise is drawn from it too.
      folder: where the dataset goes; must not exist.
    """
    episodes = play(
        deployed_policy.sampler(deployed_policy.load(expert_folder), seed),
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
