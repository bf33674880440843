"""Evaluates a SavedModel, learner's or expert's: --saved_model DIR --env Hopper."""

from absl import flags
import command_line

SAVED_MODEL = flags.DEFINE_string("saved_model", None, "the folder", required=True)
ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
EPISODES = flags.DEFINE_integer("episodes", 50, "number of episodes", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 2_000_000, "episode i is reset with seed + i", lower_bound=0)
STOCHASTIC = flags.DEFINE_boolean("stochastic", False, "draw actions from the policy")
VIDEO = flags.DEFINE_string("video", None, "film the first episode into this file (.mp4, .gif)")


def main():
    with command_line.quiet():
        from mgail_tf.deployed_policy import load, sampler
        from mgail_tf.episodes import film, play, returns

    policy = load(SAVED_MODEL.value)
    act = sampler(policy, SEED.value) if STOCHASTIC.value else policy.deterministic
    episodes = play(act, ENV.value, EPISODES.value, SEED.value, progress=ENV.value)
    lengths = [len(episode.rewards) for episode in episodes]
    print(f"return {returns(episodes).mean():.1f} +- {returns(episodes).std():.1f}")
    print(f"length {sum(lengths) / len(lengths):.1f}, shortest {min(lengths)}")
    if VIDEO.value:
        film(act, ENV.value, SEED.value, VIDEO.value)


if __name__ == "__main__":
    command_line.run(main)
