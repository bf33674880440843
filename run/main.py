"""Trains a policy from demonstrations: python run/main.py --env Hopper."""

from mgail_tf.programs import train

if __name__ == "__main__":
    train()
