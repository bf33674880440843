"""Draws demonstrations from a task's expert: --env Hopper --num_trajectories 25."""

from mgail_tf.programs import collect_demonstrations

if __name__ == "__main__":
    collect_demonstrations()
