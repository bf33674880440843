"""Prints the table of expert_data/README.md and draws expert_data/learning_curves.png."""

from mgail_tf.commands.tabulate_experts import program

if __name__ == "__main__":
    program()
