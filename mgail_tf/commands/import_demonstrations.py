"""Makes a Minari dataset of recorded episodes: --env Pendulum-v1 --recording FILE --out FOLDER."""

import contextlib
import pathlib

from absl import flags

from mgail_tf.commands import command_line

ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
RECORDING = flags.DEFINE_string(
    "recording", None, ".npz with D4RL's keys, .csv, or saved by imitation", required=True
)
OUT = flags.DEFINE_string("out", None, "the dataset's folder, not there yet", required=True)


def main() -> None:
    with command_line.quiet():
        from mgail_tf.data import formats, minari_writer, plausibility
        from mgail_tf.data.measurements import of_episodes
        from mgail_tf.data.origin import Origin
        from mgail_tf.envs.make import make_environment

    episodes = formats.read(RECORDING.value)
    minari_writer.write(
        episodes,
        ENV.value,
        OUT.value,
        description=f"imported from {pathlib.Path(RECORDING.value).name}",
    )
    with contextlib.closing(make_environment(ENV.value)) as env:
        # What it is of is what the user says; the recording itself may show otherwise.
        plausibility.check(RECORDING.value, Origin(measured=of_episodes(episodes)), env)
    print(f"{len(episodes)} episodes, {sum(len(e.actions) for e in episodes)} steps: {OUT.value}")


def program() -> None:
    """The console command."""
    command_line.run(main)
