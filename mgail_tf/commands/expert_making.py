"""Makes an expert: trains it, exports it, and describes it; needs torch."""

import pathlib
import shutil

from tqdm import tqdm

from mgail_tf import strict_json, whole
from mgail_tf.commands.expert_configs import ExpertConfig
from mgail_tf.commands.expert_description import Description, describe
from mgail_tf.commands.expert_training import Training, export


def make(
    env_name: str,
    algorithm: str,
    config: ExpertConfig,
    folder: pathlib.Path,
    total_steps: int,
    stop_at_return: float | None = None,
) -> Description:
    """Trains an expert, or goes on with one; returns what its `expert.json` says.

    Args:
      env_name: a task or a gymnasium id.
      algorithm: what learns.
      config: its hyperparameters.
      folder: of the expert, whose training is kept there.
      total_steps: environment steps.
      stop_at_return: training ends with the first evaluation whose mean return is so high.

    Raises:
      UserError: the folder's training is of another algorithm or seed.
    """
    training = Training(env_name, algorithm, config, folder / "training")

    def is_good_enough() -> bool:
        best = training.progress["best_return"]
        return stop_at_return is not None and best is not None and best >= stop_at_return

    with tqdm(
        total=total_steps, initial=training.progress["steps"], unit="step", desc=env_name
    ) as bar:
        while training.progress["steps"] < total_steps and not is_good_enough():
            settling = training.progress["steps"] >= total_steps - config.settling_steps
            if settling and not training.progress["settling"]:
                training.settle()
            training.advance(config.evaluate_every)
            bar.update(training.progress["steps"] - bar.n)
            bar.set_postfix_str("return {1:.0f} +- {2:.0f}".format(*training.progress["curve"][-1]))
    with whole.refusals_told(folder / "expert"):
        export(env_name, algorithm, config, folder / "training", folder / "expert")
    description = describe(env_name, training.progress, folder / "expert")
    whole.write(folder / "expert.json", strict_json.dumps(description) + "\n")
    # Demonstrations that are there were drawn from an earlier expert.
    shutil.rmtree(folder / "demonstrations", ignore_errors=True)
    return description
