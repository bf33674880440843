"""Evaluates a SavedModel, a learner's or an expert's: --saved_model DIR --env Hopper."""

import contextlib
import math
import pathlib
from typing import Any

from absl import flags
from gymnasium import spaces

from mgail_tf import seeds, strict_json
from mgail_tf.commands import command_line
from mgail_tf.commands.locating import located
from mgail_tf.counting import count
from mgail_tf.envs import episodes
from mgail_tf.envs.episodes import MOST_ENVS, MOST_EPISODES, Episode
from mgail_tf.quiet import quiet, stdout_is_stderr

SAVED_MODEL = flags.DEFINE_string(
    "saved_model", None, "folder of the policy, or of its run", required=True
)
ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
EPISODES = flags.DEFINE_integer("episodes", 50, "number of episodes", 1, MOST_EPISODES)
SEED = flags.DEFINE_integer(
    "seed", seeds.FINAL_SEED, "episode i is reset with seed + i", 0, 2**31 - 1
)
NUM_ENVS = flags.DEFINE_integer(
    "num_envs",
    0,
    f"environments that are open at a time; 0: one for each episode, and {MOST_ENVS} at most",
    lower_bound=0,
)
STOCHASTIC = flags.DEFINE_boolean("stochastic", False, "draw actions from the policy")
EXPERT_DATA = flags.DEFINE_string(
    "expert_data",
    None,
    "demonstrations, to say how far the episodes are from them: a Minari dataset's id or folder, "
    "or a recording",
)
NUM_TRAJECTORIES = flags.DEFINE_integer(
    "num_trajectories", 0, "demonstrated trajectories to use; 0: all", lower_bound=0
)
VIDEO = flags.DEFINE_string("video", None, "film the first episode into this file (.mp4, .gif)")
RENDER = flags.DEFINE_enum("render", None, ["human"], "show the first episode in a window")
ACCEPT_MISMATCH = flags.DEFINE_boolean(
    "accept_mismatch",
    False,
    "evaluate even if policy or demonstrations seem to be of another environment",
)
JSON = flags.DEFINE_boolean("json", False, "print one JSON object instead of lines")


def main() -> None:
    from mgail_tf.envs import rendering

    # An environment may change the working directory.
    video = pathlib.Path(VIDEO.value).absolute() if VIDEO.value else None
    if video:
        rendering.check(video)
    # An environment may print, and whoever asked for JSON reads one object.
    aside = stdout_is_stderr if JSON.value else contextlib.nullcontext
    with aside():
        first, report, lines = _evaluate()
    print(strict_json.dumps(report) if JSON.value else "\n".join(lines), flush=True)
    with aside():
        if video:
            rendering.film(ENV.value, first.seed, first.actions, video)
        if RENDER.value:
            rendering.show(ENV.value, first.seed, first.actions)


def _evaluate() -> tuple[Episode, dict[str, Any], list[str]]:
    """Plays the episodes: the first of them, what is told in JSON, and what is told in lines."""
    from mgail_tf import policy_files, policy_origin
    from mgail_tf.data import demonstrations
    from mgail_tf.envs.make import make_environment

    folder = policy_files.find(SAVED_MODEL.value).absolute()
    data = EXPERT_DATA.value and located(EXPERT_DATA.value)
    with contextlib.closing(make_environment(ENV.value)) as env:
        policy_origin.check(
            folder, env, accept_mismatch=ACCEPT_MISMATCH.value, name=SAVED_MODEL.value
        )
    demonstrated = None
    if data:
        demonstrated = demonstrations.load(
            data,
            ENV.value,
            NUM_TRAJECTORIES.value,
            accept_mismatch=ACCEPT_MISMATCH.value,
        )
    # TensorFlow takes seconds to import; what is wrong is told before.
    with quiet():
        from mgail_tf.loaded_policy import check_fits, load, sampler
        from mgail_tf.training import imitation_distance

    policy = load(folder)
    check_fits(policy, env)
    act = sampler(policy, SEED.value) if STOCHASTIC.value else policy.deterministic
    progress = None if JSON.value else ENV.value
    played = episodes.play(
        act, ENV.value, EPISODES.value, SEED.value, progress, num_envs=NUM_ENVS.value
    )
    report = {
        "env": ENV.value,
        "saved_model": SAVED_MODEL.value,
        "stochastic": STOCHASTIC.value,
        "seed": SEED.value,
        "return": episodes.summarize(episodes.returns(played))._asdict(),
        "length": episodes.summarize([len(episode.rewards) for episode in played])._asdict(),
        "terminated": [episode.terminated for episode in played],
        "non_finite_episodes": sum(episode.non_finite > 0 for episode in played),
    }
    lines = [describe(name, report[name]) for name in ("return", "length")]
    if isinstance(policy.space, spaces.Dict | spaces.Tuple):
        lines.insert(0, f"observation: {', '.join(policy.components)}")
    if demonstrated:
        measure = imitation_distance.ImitationDistance(demonstrated, env.action_space)
        distances = measure.of(played), measure.of_demonstrations
        report["imitation_distance"], report["imitation_distance_of_demonstrations"] = distances
        lines.append(f"imitation_distance {imitation_distance.describe(*distances)}")
    if number := report["non_finite_episodes"]:
        lines.append(f"{count(number, 'episode')} cut off where an observation was not finite")
    return played[0], report, lines


def describe(name: str, summary: dict[str, Any]) -> str:
    """Returns the line on the episodes' returns or lengths, from a `Summary`'s fields."""
    mean, deviation, median, values = summary.values()
    each = " ".join(_number(value) for value in values)
    unknown = sum(not math.isfinite(value) for value in values)
    if unknown:
        level = f"unknown (rewards were not finite in {unknown} of {len(values)} episodes)"
    else:
        level = f"{mean:.1f} +- {deviation:.1f}, median {median:.1f}"
    return f"{name} {level}, of each episode: {each}"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "unknown"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def program() -> None:
    """The console command."""
    command_line.run(main)
