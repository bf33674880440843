"""Draws demonstrations from a task's expert: --env Hopper --num_trajectories 25."""

from mgail_tf.commands.collect_demonstrations import program

if __name__ == "__main__":
    program()
