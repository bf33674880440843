"""Evaluates a SavedModel, learner's or expert's: --saved_model DIR --env Hopper."""

from mgail_tf.commands.evaluate import program

if __name__ == "__main__":
    program()
