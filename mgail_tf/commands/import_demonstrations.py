"""Makes a Minari dataset of recorded episodes: --env Pendulum-v1 --recording FILE --out FOLDER."""

import contextlib
import pathlib

from absl import flags

from mgail_tf.commands import command_line
from mgail_tf.quiet import quiet

ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
RECORDING = flags.DEFINE_string(
    "recording",
    None,
    ".npz, .csv, .hdf5 (D4RL, robomimic), a folder of them, or saved by imitation",
    required=True,
)
OUT = flags.DEFINE_string("out", None, "the dataset's folder, not there yet", required=True)
KEYS = flags.DEFINE_list(
    "observation_keys",
    [],
    "which named parts make an observation, in this order (default: the environment's, or all)",
)


def main() -> None:
    with quiet():
        from mgail_tf.data import imported, minari_writer, plausibility
        from mgail_tf.data.measurements import of_episodes
        from mgail_tf.data.origin import Origin
        from mgail_tf.envs.make import make_environment

    minari_writer.check_new(OUT.value)
    recording = imported.read(RECORDING.value, ENV.value, KEYS.value)
    minari_writer.write(
        recording.episodes,
        ENV.value,
        OUT.value,
        imported=True,
        description=f"imported from {pathlib.Path(RECORDING.value).name}",
    )
    with contextlib.closing(make_environment(ENV.value)) as env:
        # What it is of is what the user says; the recording itself may show otherwise.
        plausibility.check(RECORDING.value, Origin(measured=of_episodes(recording.episodes)), env)
    print("\n".join(recording.describe()))
    print(f"dataset: {OUT.value}")


def program() -> None:
    """The console command."""
    command_line.run(main)
