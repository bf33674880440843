"""Makes a Minari dataset of recorded episodes: --env Pendulum-v1 --recording FILE --out FOLDER."""

import pathlib

from absl import flags
import command_line

ENV = flags.DEFINE_string("env", None, "task or gymnasium id", required=True)
RECORDING = flags.DEFINE_string(
    "recording", None, ".npz with D4RL's keys, .csv, or saved by imitation", required=True
)
OUT = flags.DEFINE_string("out", None, "the dataset's folder, not there yet", required=True)


def main():
    with command_line.quiet():
        from mgail_tf import dataset_writer, recordings

    episodes = recordings.read(RECORDING.value)
    dataset_writer.write(
        episodes,
        ENV.value,
        OUT.value,
        description=f"imported from {pathlib.Path(RECORDING.value).name}",
    )
    print(f"{len(episodes)} episodes, {sum(len(e.actions) for e in episodes)} steps: {OUT.value}")


if __name__ == "__main__":
    command_line.run(main)
