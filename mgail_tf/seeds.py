"""The seeds of episodes that no training uses."""

EVALUATION_SEED, FINAL_SEED, RANDOM_SEED, DRAWING_SEED = 1_000_000, 2_000_000, 3_000_000, 4_000_000
