"""Settings of whole runs that are traced and over soon."""

from typing import Any

# Rounds of 8 steps.
ROUNDS_OF_8: dict[str, Any] = {
    "cloned_start": False,
    "evaluate_every": 16,
    "num_envs": 4,
    "segment_length": 2,
    "policy_updates": 2,
    "discriminator_updates": 1,
    "forward_model_updates": 1,
    "policy_segments": 8,
    "batch_size": 32,
    "evaluation_episodes": 1,
    "film_every": 0,
}
