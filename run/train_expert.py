"""Trains a task's TRPO expert: --env Hopper; the same command again resumes it."""

from mgail_tf.commands.train_expert import program

if __name__ == "__main__":
    program()
