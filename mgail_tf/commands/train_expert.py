"""Trains an expert: --env Hopper, or --env LunarLander-v3 --algorithm ppo; again: resumes it.

What the expert knows is kept in NAME/training/ of the folder of experts; the best evaluated policy
is written to NAME/expert/ at the end, and what is known about it to NAME/expert.json.
Demonstrations of an earlier expert are removed. A smaller --total_steps than were trained writes
them at once.

--stop_at_return makes an expert that is worse than could be: training ends with the first
evaluation, of deterministic episodes, whose mean return is as high.
"""

import contextlib
import pathlib
import re

from absl import flags

from mgail_tf import extras, writable
from mgail_tf.commands import command_line
from mgail_tf.commands.expert_configs import ALGORITHM_OPTIONS, expert_config
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError
from mgail_tf.quiet import quiet

ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
ALGORITHM = flags.DEFINE_enum("algorithm", "trpo", list(ALGORITHM_OPTIONS), "what learns")
SEED = flags.DEFINE_integer(
    "seed", None, "seed of everything that is drawn (a task has its own)", 0, 2**32 - 1
)
EXPERTS_FOLDER = flags.DEFINE_string("experts", "expert_data", "folder of the experts")
TOTAL_STEPS = flags.DEFINE_integer("total_steps", None, "environment steps", lower_bound=1)
STOP_AT_RETURN = flags.DEFINE_float(
    "stop_at_return", None, "end with the first evaluation whose mean return is so high"
)


def main() -> None:
    with contextlib.closing(make_environment(ENV.value)):
        pass  # It is refused, if it is, before anything is written.
    if not writable.is_folder_possible(EXPERTS_FOLDER.value):
        raise UserError(f"--experts={EXPERTS_FOLDER.value} cannot be written; choose another one")
    with extras.needed("training an expert", "experts"), quiet():
        from mgail_tf.commands import expert_making

    config = expert_config(ENV.value, ALGORITHM.value, SEED.value)
    description = expert_making.make(
        ENV.value,
        ALGORITHM.value,
        config,
        pathlib.Path(EXPERTS_FOLDER.value, re.sub("[/:]", "-", ENV.value)),
        TOTAL_STEPS.value or config.total_steps,
        STOP_AT_RETURN.value,
    )
    for name in ("deterministic", "stochastic"):
        print(name, description[name])


def program() -> None:
    """The console command."""
    command_line.run(main)
