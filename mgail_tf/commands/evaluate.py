"""Evaluates a SavedModel, learner's or expert's: --saved_model DIR --env Hopper."""

import json

from absl import flags
import numpy as np

from mgail_tf.commands import command_line

SAVED_MODEL = flags.DEFINE_string("saved_model", None, "the folder", required=True)
ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
EPISODES = flags.DEFINE_integer("episodes", 50, "number of episodes", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 2_000_000, "episode i is reset with seed + i", lower_bound=0)
STOCHASTIC = flags.DEFINE_boolean("stochastic", False, "draw actions from the policy")
VIDEO = flags.DEFINE_string("video", None, "film the first episode into this file (.mp4, .gif)")
RENDER = flags.DEFINE_enum("render", None, ["human"], "show the first episode in a window")
JSON = flags.DEFINE_boolean("json", False, "print one JSON object instead of lines")


def summary(values):
    """Mean, deviation, median and all of them."""
    return {
        "mean": float(np.mean(values)),
        "deviation": float(np.std(values)),
        "median": float(np.median(values)),
        "of_each_episode": np.asarray(values).tolist(),
    }


def main():
    with command_line.quiet():
        from mgail_tf.deployed_policy import check_fits, load, sampler
        from mgail_tf.envs import episodes, rendering
        from mgail_tf.envs.make import make_environment

    if VIDEO.value:
        rendering.check(VIDEO.value)
    policy = load(SAVED_MODEL.value)
    check_fits(policy, make_environment(ENV.value))
    act = sampler(policy, SEED.value) if STOCHASTIC.value else policy.deterministic
    progress = None if JSON.value else ENV.value
    played = episodes.play(act, ENV.value, EPISODES.value, SEED.value, progress)
    report = {
        "env": ENV.value,
        "saved_model": SAVED_MODEL.value,
        "stochastic": STOCHASTIC.value,
        "seed": SEED.value,
        "return": summary(episodes.returns(played)),
        "length": summary([len(episode.rewards) for episode in played]),
        "terminated": [bool(episode.terminated) for episode in played],
    }
    if JSON.value:
        print(json.dumps(report))
    else:
        for name in "return", "length":
            values = report[name]
            print(
                f"{name} {values['mean']:.1f} +- {values['deviation']:.1f}, "
                f"median {values['median']:.1f}, of each episode:",
                *(
                    f"{value:.1f}" if name == "return" else value
                    for value in values["of_each_episode"]
                ),
            )
    if VIDEO.value:
        rendering.film(ENV.value, SEED.value, played[0].actions, VIDEO.value)
    if RENDER.value:
        rendering.show(ENV.value, SEED.value, played[0].actions)


def program():
    """The console command."""
    command_line.run(main)
