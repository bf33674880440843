"""Measures what a run's time goes to: python run/benchmark.py --env HalfCheetah."""

from mgail_tf.commands.benchmark import program

if __name__ == "__main__":
    program()
