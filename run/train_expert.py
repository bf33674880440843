"""Trains an expert: --env Hopper [--algorithm ppo]; the same command again resumes it."""

from mgail_tf.programs import train_expert

if __name__ == "__main__":
    train_expert()
