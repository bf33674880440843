"""Trains a policy from demonstrations: python run/main.py --env Hopper."""

from mgail_tf.commands.train import program

if __name__ == "__main__":
    program()
