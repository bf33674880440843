"""Measures what a run's time goes to: python run/benchmark.py --env HalfCheetah."""

from mgail_tf.programs import benchmark

if __name__ == "__main__":
    benchmark()
