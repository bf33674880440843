"""Trains a task's TRPO expert: --env Hopper; the same command again resumes it.

What the expert knows is kept in NAME/training/ of the folder of experts; the best evaluated policy
is written to NAME/expert/ at the end, and what is known about it to NAME/expert.json.
Demonstrations of an earlier expert are removed. A smaller --total_steps than were trained writes
them at once.
"""

import json
import pathlib
import shutil
from typing import Any

from absl import flags

from mgail_tf import extras
from mgail_tf.commands import command_line
from mgail_tf.commands.expert_configs import EXPERTS, ExpertConfig
from mgail_tf.errors import UserError
from mgail_tf.seeds import FINAL_SEED

ENV = flags.DEFINE_string("env", None, "task", required=True)
EXPERTS_FOLDER = flags.DEFINE_string("experts", "expert_data", "folder of the experts")
TOTAL_STEPS = flags.DEFINE_integer("total_steps", None, "environment steps", lower_bound=1)

# Episodes from which an expert's levels are measured.
LEVEL_EPISODES = 50


def describe(
    env_name: str,
    config: ExpertConfig,
    progress: dict[str, Any],
    folder: pathlib.Path,
    num_episodes: int = LEVEL_EPISODES,
) -> dict[str, Any]:
    """Returns what expert_data/README.md tells about an expert.

    Args:
      env_name: a task.
      config: the hyperparameters of the expert's training.
      progress: what the training knows about itself (`Training.progress`).
      folder: the expert's SavedModel.
      num_episodes: number of episodes that its returns and lengths are the means of.
    """
    from mgail_tf import deployed_policy
    from mgail_tf.envs.episodes import play, random_return, returns, summarize

    policy = deployed_policy.load(folder)
    description: dict[str, Any] = {
        "algorithm": "TRPO",
        "seed": config.seed,
        "steps": progress["best_steps"],
        "trained_steps": progress["steps"],
        "wall_seconds": round(progress["wall_seconds"]),
        "random_return_mean": random_return(env_name),
        "size": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    }
    acts = {
        "deterministic": policy.deterministic,
        "stochastic": deployed_policy.sampler(policy, FINAL_SEED),
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


def main() -> None:
    if ENV.value not in EXPERTS:
        raise UserError(f"--env={ENV.value}: use one of {', '.join(EXPERTS)}")
    with extras.needed("training an expert", "experts"), command_line.quiet():
        from tqdm import tqdm

        from mgail_tf.commands.expert_training import Training, export

    config = EXPERTS[ENV.value]
    folder = pathlib.Path(EXPERTS_FOLDER.value, ENV.value)
    training = Training(ENV.value, config, folder / "training")
    total = TOTAL_STEPS.value or config.total_steps
    with tqdm(total=total, initial=training.progress["steps"], unit="step", desc=ENV.value) as bar:
        while training.progress["steps"] < total:
            settling = training.progress["steps"] >= total - config.settling_steps
            if settling and not training.progress["settling"]:
                training.settle()
            training.advance(config.evaluate_every)
            bar.update(training.progress["steps"] - bar.n)
            bar.set_postfix_str("return {1:.0f} +- {2:.0f}".format(*training.progress["curve"][-1]))
    export(ENV.value, config, folder / "training", folder / "expert")
    description = describe(ENV.value, config, training.progress, folder / "expert")
    (folder / "expert.json").write_text(json.dumps(description) + "\n")
    # Demonstrations that are there were drawn from an earlier expert.
    shutil.rmtree(folder / "demonstrations", ignore_errors=True)
    for name in ("deterministic", "stochastic"):
        print(name, description[name])


def program() -> None:
    """The console command."""
    command_line.run(main)
