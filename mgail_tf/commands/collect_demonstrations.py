"""Draws demonstrations from a task's expert: --env Hopper --num_trajectories 25."""

from absl import flags

from mgail_tf.commands import command_line

ENV = flags.DEFINE_string("env", None, "task with an expert in expert_data/", required=True)
NUM_TRAJECTORIES = flags.DEFINE_integer("num_trajectories", None, "episodes", required=True)


def main():
    with command_line.quiet():
        from mgail_tf.data import demonstrations, experts

    folder = experts.draw_if_missing(command_line.EXPERT_DATA, ENV.value, NUM_TRAJECTORIES.value)
    loaded = demonstrations.load(folder, ENV.value, NUM_TRAJECTORIES.value)
    print(f"{folder}: {len(loaded.actions)} pairs, mean episode return {loaded.return_mean:.1f}")


def program():
    """The console command."""
    command_line.run(main)
