"""Trains a policy from demonstrations: python run/main.py --env Hopper."""

import dataclasses
import pathlib
import re
import sys

from absl import flags

from mgail_tf import config as configs
from mgail_tf.commands import command_line

TYPES = configs.option_types()
DEFINE = {
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    bool: flags.DEFINE_boolean,
    str: flags.DEFINE_string,
    tuple[int, ...]: flags.DEFINE_list,
}
FLAGS = {
    field.name: DEFINE[TYPES[field.name]](
        field.name, None, f"{field.metadata['help']} (default: {field.default})"
    )
    for field in dataclasses.fields(configs.Config)
}
LOGDIR = flags.DEFINE_string(
    "logdir", None, "run folder; the same one again resumes (default: runs/ENV-SEED)"
)
PROFILE = flags.DEFINE_boolean("profile", False, "profile ten rounds of training, for TensorBoard")
flags.mark_flag_as_required("env")


def main():
    settings = {name: flag.value for name, flag in FLAGS.items() if flag.value is not None}
    for name in settings:
        if isinstance(settings[name], list):
            settings[name] = command_line.parse_integers(name, settings[name])
    config = configs.make(**settings)

    # TensorFlow takes seconds to import; bad flags are told before.
    with command_line.quiet():
        from mgail_tf.data import demonstrations, experts
        from mgail_tf.training import run_folder
        from mgail_tf.training.trainer import Trainer

    name = re.sub(r"[/:]", "-", config.env)
    logdir = pathlib.Path(LOGDIR.value or f"runs/{name}-{config.seed}")
    run_folder.check(logdir, config)
    dataset = config.expert_data or experts.demonstrations(config.env, config.num_trajectories)
    demonstrated = demonstrations.load(
        dataset, config.env, config.num_trajectories, config.subsample, config.seed
    )
    if config.expert_data and config.num_trajectories and "num_trajectories" not in settings:
        print(
            f"taking {config.num_trajectories} trajectories of {dataset}, as the paper for "
            f"{config.env}; --num_trajectories=0 takes all",
            file=sys.stderr,
        )
    result = Trainer(config, demonstrated, logdir).train(profile=PROFILE.value)
    for name, value in result.items():
        print(f"{name:22} {value}")
    print(f"policy: {logdir / 'saved_model'}   curves: tensorboard --logdir {logdir}")


def program():
    """The console command."""
    command_line.run(main)
