"""Runs an exported policy with TensorFlow and gymnasium alone: deploy.py SAVED_MODEL ENV_ID."""

import sys

import gymnasium
import tensorflow as tf


def main(saved_model, env_id):
    policy = tf.saved_model.load(saved_model)
    env = gymnasium.make(env_id)
    observation, _ = env.reset(seed=0)
    total, ended = 0.0, False
    while not ended:
        # Raw observations in, [batch, size] float32 or float64; actions out, for the environment.
        action = policy.deterministic(observation[None].astype("float64"))[0].numpy()
        observation, reward, terminated, truncated, _ = env.step(action)
        total += float(reward)
        ended = terminated or truncated
    print(f"return {total:.1f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
