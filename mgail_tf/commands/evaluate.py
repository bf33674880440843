"""Evaluates a SavedModel, a learner's or an expert's: --saved_model DIR --env Hopper."""

from typing import Any

from absl import flags

from mgail_tf import seeds, strict_json
from mgail_tf.commands import command_line

SAVED_MODEL = flags.DEFINE_string("saved_model", None, "folder of the policy", required=True)
ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
EPISODES = flags.DEFINE_integer("episodes", 50, "number of episodes", lower_bound=1)
SEED = flags.DEFINE_integer(
    "seed", seeds.FINAL_SEED, "episode i is reset with seed + i", lower_bound=0
)
STOCHASTIC = flags.DEFINE_boolean("stochastic", False, "draw actions from the policy")
VIDEO = flags.DEFINE_string("video", None, "film the first episode into this file (.mp4, .gif)")
RENDER = flags.DEFINE_enum("render", None, ["human"], "show the first episode in a window")
JSON = flags.DEFINE_boolean("json", False, "print one JSON object instead of lines")


def main() -> None:
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
        "return": episodes.summarize(episodes.returns(played))._asdict(),
        "length": episodes.summarize([len(episode.rewards) for episode in played])._asdict(),
        "terminated": [episode.terminated for episode in played],
    }
    if JSON.value:
        print(strict_json.dumps(report))
    else:
        for name in "return", "length":
            print(describe(name, report[name]))
    first = played[0]
    if VIDEO.value:
        rendering.film(ENV.value, first.seed, first.actions, VIDEO.value)
    if RENDER.value:
        rendering.show(ENV.value, first.seed, first.actions)


def describe(name: str, summary: dict[str, Any]) -> str:
    """Returns the line on the episodes' returns or lengths, from a `Summary`'s fields."""
    mean, deviation, median, values = summary.values()
    each = [f"{value:.1f}" if isinstance(value, float) else str(value) for value in values]
    return (
        f"{name} {mean:.1f} +- {deviation:.1f}, median {median:.1f}, of each episode: "
        + " ".join(each)
    )


def program() -> None:
    """The console command."""
    command_line.run(main)
