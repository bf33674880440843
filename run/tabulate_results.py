"""Prints the finished runs below a folder, as README.md and docs/results.md do: --runs runs."""

from mgail_tf.commands.tabulate_results import program

if __name__ == "__main__":
    program()
