"""What TensorBoard shows of a run."""

import contextlib
import dataclasses
import struct

from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.image import metadata as image_metadata
import tensorflow as tf


class TensorBoard:
    """Writes TensorBoard's events of a run.

    Args:
      folder: where they go.

    Raises:
      OSError or tf.errors.OpError: the folder cannot be written.
    """

    def __init__(self, folder):
        self._folder = str(folder)
        self._writer = tf.summary.create_file_writer(self._folder)

    @contextlib.contextmanager
    def _at(self, step):
        with self._writer.as_default(step=step):
            yield
        self._writer.flush()

    def write_config(self, config):
        """Every setting: as text, and as hyperparameters to compare runs by."""
        settings = dataclasses.asdict(config)
        lines = [f"| {name} | {value} |" for name, value in settings.items()]
        # HParams knows numbers, truth values and words.
        known = {
            name: value if isinstance(value, bool | int | float) else str(value)
            for name, value in settings.items()
        }
        with self._at(0):
            tf.summary.text("config", "\n".join(["| setting | value |", "|---|---|", *lines]))
            hparams.hparams(known)

    def write_scalars(self, step, values):
        """Numbers by name; what stands before a name's first "/" is its group."""
        with self._at(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def write_histograms(self, step, values):
        """Arrays of any shape, by name."""
        with self._at(step):
            for name, value in values.items():
                tf.summary.histogram(name, value)

    def write_graph(self, graph):
        """A compiled function's `tf.Graph`."""
        with self._at(0):
            tf.summary.graph(graph)

    def write_animation(self, name, step, gif):
        """An animation, the bytes of a GIF."""
        width, height = struct.unpack("<HH", gif[6:10])
        # tf.summary.image would make a PNG of it; the plugin itself hands on whatever is encoded.
        image = tf.constant([str(width).encode(), str(height).encode(), gif])
        metadata = image_metadata.create_summary_metadata(None, "the averaged policy")
        with self._at(step):
            tf.summary.write(name, image, metadata=metadata)

    def start_profile(self):
        """Starts to record what the processor does."""
        tf.profiler.experimental.start(self._folder)

    def stop_profile(self):
        """Ends the recording and writes it."""
        tf.profiler.experimental.stop()
