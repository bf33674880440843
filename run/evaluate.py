"""Evaluates a SavedModel, learner's or expert's: --saved_model DIR --env Hopper."""

from mgail_tf.programs import evaluate

if __name__ == "__main__":
    evaluate()
