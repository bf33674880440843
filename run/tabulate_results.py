"""Prints the finished runs below a folder, as README.md and docs/results.md do: --runs runs."""

from mgail_tf.programs import tabulate_results

if __name__ == "__main__":
    tabulate_results()
