"""What TensorBoard's event files hold of a run that is resumed."""

import pathlib

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
import tensorflow as tf

from mgail_tf import whole

# Events of one step, by the part of TensorBoard that shows them; others are of the whole run.
OF_A_STEP = {"scalars", "histograms", "images"}
# Of a record, besides its content: its length, and two checksums.
FRAME = 8 + 4 + 4


def forget_after(file: pathlib.Path, step: int) -> None:
    """Drops what was measured at later steps, and an end that was not finished.

    A resumed run measures again what it has not written down elsewhere, and its curves would have
    these points twice.
    """
    content, kept, end = file.read_bytes(), [], 0
    # It ends where a record is damaged.
    for record in RawEventFileLoader(str(file)).Load():
        start, end = end, end + len(record) + FRAME
        event = tf.compat.v1.Event.FromString(record)
        shown_by = {value.metadata.plugin_data.plugin_name for value in event.summary.value}
        if event.step <= step or not shown_by & OF_A_STEP:
            kept.append(content[start:end])
    if (shorter := b"".join(kept)) != content:
        whole.write(file, shorter)
