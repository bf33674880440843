"""Trains an expert: --env Hopper [--algorithm ppo]; the same command again resumes it."""

from mgail_tf.commands.train_expert import program

if __name__ == "__main__":
    program()
