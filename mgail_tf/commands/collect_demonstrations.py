"""Records demonstrations of a policy: --env Pendulum-v1 --policy my_controller:act --out mine.

--policy is a function or class (module:name), a SavedModel's folder, or a .zip file that
stable-baselines3 or sb3-contrib saved. Without it the expert of a task demonstrates. Without --out,
too, its demonstrations go into the user's cache, where training finds them: --env Hopper
--num_trajectories 25.
"""

import contextlib
import importlib
import math
import pathlib
import shlex

from absl import flags

from mgail_tf import seeds, writable
from mgail_tf.commands import command_line
from mgail_tf.commands.locating import located
from mgail_tf.counting import count
from mgail_tf.envs.episodes import MOST_EPISODES
from mgail_tf.errors import UserError
from mgail_tf.quiet import quiet
from mgail_tf.tasks import TASKS

ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
NUM_TRAJECTORIES = flags.DEFINE_integer(
    "num_trajectories", None, "episodes", upper_bound=MOST_EPISODES, required=True
)
POLICY = flags.DEFINE_string("policy", None, "who demonstrates (default: the task's expert)")
VEC_NORMALIZE = flags.DEFINE_string(
    "vec_normalize", None, "statistics of stable-baselines3's VecNormalize (.pkl)"
)
DETERMINISTIC = flags.DEFINE_boolean(
    "deterministic", False, "take the most likely actions, instead of drawing them"
)
NOISE_SCALE = flags.DEFINE_float(
    "noise_scale", 1.0, "factor on the action noise of a SavedModel's policy", lower_bound=0.0
)
SEED = flags.DEFINE_integer(
    "seed", seeds.DRAWING_SEED, "episode i is reset with seed + i", 0, 2**31 - 1
)
ACCEPT_MISMATCH = flags.DEFINE_boolean(
    "accept_mismatch", False, "record even if a SavedModel seems to be of another environment"
)
OUT = flags.DEFINE_string("out", None, "the dataset's folder, not there yet (needed with --policy)")


def main() -> None:
    _check()
    with quiet():
        from mgail_tf.data import demonstrations, experts

    if OUT.value:
        # An environment or a policy may change the working directory.
        folder = pathlib.Path(OUT.value).absolute()
        _record(folder)
    else:
        folder = experts.demonstrations(ENV.value, NUM_TRAJECTORIES.value)
    loaded = demonstrations.load(folder, ENV.value, NUM_TRAJECTORIES.value)
    mean = "not known" if loaded.return_mean is None else f"{loaded.return_mean:.1f}"
    print(f"{OUT.value or folder}: {len(loaded.actions)} pairs, mean episode return {mean}")
    if OUT.value:
        data = ["--env", ENV.value, "--expert_data", OUT.value]
        print(f"train: {command_line.call('main')} {shlex.join(data)}")


def _check() -> None:
    """Refuses what cannot be before anything is imported or opened."""
    if not POLICY.value and ENV.value not in TASKS:
        raise UserError(f"there is no expert for {ENV.value}; say by --policy who demonstrates")
    if not OUT.value:
        if POLICY.value:
            raise UserError("--policy needs --out, the folder of the dataset")
        for flag in VEC_NORMALIZE, DETERMINISTIC, NOISE_SCALE, SEED, ACCEPT_MISMATCH:
            if flag.present:
                raise UserError(f"--{flag.name} needs --out, the folder of the dataset")
        return
    if pathlib.Path(OUT.value).exists():
        raise UserError(f"--out={OUT.value} exists already; choose another folder")
    if not writable.is_folder_possible(OUT.value):
        raise UserError(f"--out={OUT.value} cannot be made; choose another folder")
    if NUM_TRAJECTORIES.value < 1:
        raise UserError(f"--num_trajectories={NUM_TRAJECTORIES.value}: must be at least 1")
    if not math.isfinite(NOISE_SCALE.value):
        raise UserError(f"--noise_scale={NOISE_SCALE.value}: must be a finite number")
    if NOISE_SCALE.present and DETERMINISTIC.value:
        raise UserError("--noise_scale: there is no noise with --deterministic")


def _record(out: pathlib.Path) -> None:
    with quiet():
        from mgail_tf import policy_origin
        from mgail_tf.data import collecting, demonstrators, experts, minari_writer
        from mgail_tf.envs.make import make_environment

    policy = located(POLICY.value or str(experts.find(ENV.value)))
    vec_normalize = VEC_NORMALIZE.value and located(VEC_NORMALIZE.value)
    with contextlib.closing(make_environment(ENV.value)) as env:
        if pathlib.Path(policy).is_dir():
            policy_origin.check(policy, env, accept_mismatch=ACCEPT_MISMATCH.value)
            with quiet():
                importlib.import_module("mgail_tf.loaded_policy")  # And so TensorFlow.
    demonstrator = demonstrators.load(
        policy,
        env,
        deterministic=DETERMINISTIC.value,
        noise_scale=NOISE_SCALE.value,
        seed=SEED.value,
        vec_normalize=vec_normalize,
    )
    name = POLICY.value or f"the expert of {ENV.value}"
    noise = f", noise times {NOISE_SCALE.value:g}" if NOISE_SCALE.present else ""
    episodes = collecting.record(demonstrator, ENV.value, NUM_TRAJECTORIES.value, SEED.value)
    if cut := sum(episode.non_finite > 0 for episode in episodes):
        print(f"{count(cut, 'episode')} cut off where an observation was not finite")
    minari_writer.write(
        episodes,
        ENV.value,
        out,
        algorithm_name=f"{name}, {'deterministic' if DETERMINISTIC.value else 'stochastic'}{noise}",
        description=f"{NUM_TRAJECTORIES.value} trajectories of {name} with seed {SEED.value}",
    )


def program() -> None:
    """The console command."""
    command_line.run(main)
