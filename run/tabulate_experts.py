"""Prints the table of expert_data/README.md and draws expert_data/learning_curves.png."""

from mgail_tf.programs import tabulate_experts

if __name__ == "__main__":
    tabulate_experts()
