"""What TensorBoard shows of a run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import contextlib
import pathlib
import struct
from typing import Any

import numpy as np
from tensorboard.plugins.histogram import summary_v2 as histogram_summary
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.image import metadata as image_metadata
import tensorflow as tf

from mgail_tf import whole
from mgail_tf.errors import printable
from mgail_tf.training import event_files

# What TensorBoard shows first, by chart. Charts are in the order of their names, and small letters
# come after capital ones.
CHARTS = {
    "Imitation/distance": "imitation_distance",
    "Return/mean": "return_mean",
    "Return/normalized": "normalized_return",
}


class TensorBoard:
    """Writes TensorBoard's events of a run.

    Args:
      folder: where the runs of TensorBoard go.
      name: what the run is called there.

    Raises:
      OSError, tf.errors.OpError or NotWritten: the folder cannot be written; the last one also by
        all methods that write.
    """

    def __init__(self, folder: pathlib.Path, name: str):
        self._folder, self._expert_folder = str(folder / name), str(folder / f"{name}-expert")
        self._writer = tf.summary.create_file_writer(self._folder)
        self._expert_writer: Any = None

    @contextlib.contextmanager
    def _at(self, step: int) -> Iterator[None]:
        with self._writer.as_default(step=step):
            yield
        self._flush(self._writer)

    def _flush(self, writer: Any) -> None:
        """Brings events to the disk.

        TensorFlow says nothing if the disk is full: an event is cut, and none behind it is read.
        """
        writer.flush()
        whole.check_room(self._folder)

    def forget_after(self, step: int) -> None:
        """Drops what was written of later steps, which a resumed run will measure again."""
        for folder in self._folder, self._expert_folder:
            for file in pathlib.Path(folder).glob("events.out.tfevents.*"):
                event_files.forget_after(file, step)

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Writes every setting: as text, and as hyperparameters to compare runs by."""
        # HParams takes numbers, truth values and words only; a path may not be UTF-8.
        accepted = {
            name: value if isinstance(value, bool | int | float) else printable(str(value))
            for name, value in settings.items()
        }
        lines = [f"| {name} | {value} |" for name, value in accepted.items()]
        with self._at(0):
            tf.summary.text("config", "\n".join(["| setting | value |", "|---|---|", *lines]))
            hparams.hparams(accepted)

    def write_text(self, title: str, step: int, sentences: Iterable[str]) -> None:
        """Writes sentences, each of which is a paragraph."""
        with self._at(step):
            tf.summary.text(title, "\n\n".join(sentences))

    def write_scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Writes numbers by name; what stands before a name's first "/" is its group."""
        with self._at(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def write_levels(
        self, step: int, agent: Mapping[str, Any], expert: Mapping[str, float | None]
    ) -> None:
        """Writes how good the policy is where TensorBoard opens, and the expert beside it.

        The expert is a run of its own, because a chart has a line for each run.

        Args:
          step: environment steps so far.
          agent, expert: numbers by the names of `CHARTS`; None where unknown.
        """
        self.write_scalars(
            step, {chart: agent[name] for chart, name in CHARTS.items() if agent[name] is not None}
        )
        known = {chart: name for chart, name in CHARTS.items() if expert[name] is not None}
        if not known:
            return
        if self._expert_writer is None:
            self._expert_writer = tf.summary.create_file_writer(self._expert_folder)
        with self._expert_writer.as_default(step=step):
            for chart, name in known.items():
                for title in chart, f"evaluation/{name}":
                    tf.summary.scalar(title, expert[name])
        self._flush(self._expert_writer)

    def write_histograms(self, step: int, encoded: Sequence[bytes]) -> None:
        """Writes what `encode_histograms` has returned."""
        with self._at(step):
            for histogram in encoded:
                tf.summary.experimental.write_raw_pb(histogram)

    @contextlib.contextmanager
    def recorded_graph(self) -> Iterator[None]:
        """Writes the graph of what is computed meanwhile, under the name "round"."""
        tf.summary.trace_on(graph=True)
        yield
        with self._at(0):
            tf.summary.trace_export("round")

    def write_animation(self, name: str, step: int, gif: bytes) -> None:
        """Writes an animation, the bytes of a GIF."""
        width, height = struct.unpack("<HH", gif[6:10])
        # tf.summary.image would encode it as a PNG. The plugin itself passes on what it is given.
        image = tf.constant([str(width).encode(), str(height).encode(), gif])
        metadata = image_metadata.create_summary_metadata(None, "the averaged policy")
        with self._at(step):
            tf.summary.write(name, image, metadata=metadata)

    def start_profile(self) -> None:
        """Starts to record what the processor does."""
        tf.profiler.experimental.start(self._folder)

    def stop_profile(self) -> None:
        """Ends the recording and writes it."""
        tf.profiler.experimental.stop()


def encode_histograms(values: Mapping[str, Any]) -> list[bytes]:
    """Histograms of arrays of any shape, by name, as TensorBoard's files hold them."""
    # TensorFlow's own function takes ten times as long for so few numbers.
    return [
        histogram_summary.histogram_pb(name, np.asarray(array)).SerializeToString()
        for name, array in values.items()
    ]
