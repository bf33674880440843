"""What is told about an expert: in its expert.json, and in the table of expert_data/README.md."""

import pathlib
from typing import Any

from mgail_tf.seeds import FINAL_SEED

# The contents of an expert.json, and what is shown of them.
Description = dict[str, Any]
NUMBER = int | float
LEVEL = {"return_mean": NUMBER, "return_std": NUMBER, "length_mean": NUMBER}
FORM = {
    "algorithm": str,
    "seed": int,
    "steps": int,
    "trained_steps": int,
    "wall_seconds": NUMBER,
    "random_return_mean": NUMBER,
    "size": int,
    "deterministic": LEVEL,
    "stochastic": LEVEL,
    "curve": [(NUMBER, NUMBER, NUMBER)],
}

HEADER = (
    "task",
    "algorithm",
    "steps, of those trained",
    "seed",
    "wall, one core",
    "deterministic return",
    "stochastic return",
    "episode length",
    "random return",
    "size",
)

# Episodes from which an expert's levels are measured.
LEVEL_EPISODES = 50


def describe(
    env_name: str,
    progress: dict[str, Any],
    folder: pathlib.Path,
    num_episodes: int = LEVEL_EPISODES,
) -> Description:
    """Returns what expert_data/README.md tells about an expert.

    Args:
      env_name: a task or a gymnasium id.
      progress: what the training knows about itself (`Training.progress`).
      folder: the expert's SavedModel.
      num_episodes: number of episodes that its returns and lengths are the means of.
    """
    # They import TensorFlow, which takes seconds; the table does without.
    from mgail_tf import loaded_policy
    from mgail_tf.envs.episodes import play, random_return, returns, summarize

    policy = loaded_policy.load(folder)
    description: Description = {
        "algorithm": progress["algorithm"].upper(),
        "seed": progress["seed"],
        "steps": progress["best_steps"],
        "trained_steps": progress["steps"],
        "wall_seconds": round(progress["wall_seconds"]),
        "random_return_mean": random_return(env_name),
        "size": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    }
    acts = {
        "deterministic": policy.deterministic,
        "stochastic": loaded_policy.sampler(policy, FINAL_SEED),
    }
    for name, act in acts.items():
        episodes = play(act, env_name, num_episodes, FINAL_SEED, progress=f"{name} episodes")
        level = summarize(returns(episodes))
        description[name] = {
            "return_mean": level.mean,
            "return_std": level.deviation,
            "length_mean": summarize([len(episode.rewards) for episode in episodes]).mean,
            "terminated": sum(episode.terminated for episode in episodes),
        }
    return description | {"curve": progress["curve"]}


def _mean_and_deviation(returns: dict[str, float]) -> str:
    """Returns mean and deviation as a table's cell."""
    return f"{returns['return_mean']:,.1f} +- {returns['return_std']:,.1f}"


def row(name: str, expert: Description) -> tuple[Any, ...]:
    """Returns the cells of one expert's line."""
    lengths = [f"{expert[kind]['length_mean']:,.0f}" for kind in ("deterministic", "stochastic")]
    return (
        name,
        expert["algorithm"],
        f"{expert['steps']:,} of {expert['trained_steps']:,}",
        expert["seed"],
        f"{expert['wall_seconds'] / 60:,.0f} min",
        _mean_and_deviation(expert["deterministic"]),
        _mean_and_deviation(expert["stochastic"]),
        " / ".join(lengths),
        f"{expert['random_return_mean']:,.1f}",
        f"{expert['size'] / 1000:,.0f} KB",
    )
