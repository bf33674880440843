"""Draws demonstrations from a task's expert: --env Hopper --num_trajectories 25.

They go into the user's cache, where training finds them; those that come with the package are not
drawn again.
"""

from absl import flags

from mgail_tf.commands import command_line

ENV = flags.DEFINE_string("env", None, "a task of the paper", required=True)
NUM_TRAJECTORIES = flags.DEFINE_integer("num_trajectories", None, "episodes", required=True)


def main() -> None:
    with command_line.quiet():
        from mgail_tf.data import demonstrations, experts

    folder = experts.demonstrations(ENV.value, NUM_TRAJECTORIES.value)
    loaded = demonstrations.load(folder, ENV.value, NUM_TRAJECTORIES.value)
    print(f"{folder}: {len(loaded.actions)} pairs, mean episode return {loaded.return_mean:.1f}")


def program() -> None:
    """The console command."""
    command_line.run(main)
