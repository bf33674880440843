"""Trains a task's TRPO expert: --env Hopper; the same command again resumes it.

What the expert knows is kept in NAME/training/ of the folder of experts; the best evaluated policy
is written to NAME/expert/ at the end, and what is known about it to NAME/expert.json.
Demonstrations of an earlier expert are removed. A smaller --total_steps than were trained writes
them at once.
"""

import pathlib
import shutil

from absl import flags

from mgail_tf import extras, strict_json
from mgail_tf.commands import command_line
from mgail_tf.commands.expert_configs import EXPERTS
from mgail_tf.errors import UserError

ENV = flags.DEFINE_string("env", None, "task", required=True)
EXPERTS_FOLDER = flags.DEFINE_string("experts", "expert_data", "folder of the experts")
TOTAL_STEPS = flags.DEFINE_integer("total_steps", None, "environment steps", lower_bound=1)


def main() -> None:
    if ENV.value not in EXPERTS:
        raise UserError(f"--env={ENV.value}: use one of {', '.join(EXPERTS)}")
    with extras.needed("training an expert", "experts"), command_line.quiet():
        from tqdm import tqdm

        from mgail_tf.commands.expert_description import describe
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
    (folder / "expert.json").write_text(strict_json.dumps(description) + "\n")
    # Demonstrations that are there were drawn from an earlier expert.
    shutil.rmtree(folder / "demonstrations", ignore_errors=True)
    for name in ("deterministic", "stochastic"):
        print(name, description[name])


def program() -> None:
    """The console command."""
    command_line.run(main)
