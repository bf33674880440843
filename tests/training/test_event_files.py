import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

from mgail_tf.training.tensorboard import TensorBoard, encode_histograms

KNOWN = {"imitation_distance": 0.5, "return_mean": 2.0, "normalized_return": 1.0}


@pytest.fixture
def tensorboard(tmp_path):
    """One that has written everything that there is, at steps 0, 100 and 200."""
    tensorboard = TensorBoard(tmp_path, "run")
    tensorboard.write_config({"seed": 3})
    for step in 0, 100, 200:
        tensorboard.write_scalars(step, {"loss": 1.0})
        tensorboard.write_histograms(step, encode_histograms({"numbers": np.arange(3)}))
        tensorboard.write_animation("film", step, b"GIF89a\x01\x00\x01\x00")
        tensorboard.write_levels(step, KNOWN, KNOWN)
    return tensorboard


def steps(folder):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return {tag: [each.step for each in events.Tensors(tag)] for tag in events.Tags()["tensors"]}


@pytest.mark.parametrize(
    ("last", "kept"), [(200, [0, 100, 200]), (199, [0, 100]), (100, [0, 100]), (-1, [])]
)
def test_what_is_measured_again_is_forgotten(last, kept, tensorboard, tmp_path):
    tensorboard.forget_after(last)
    here, expert = steps(tmp_path / "run"), steps(tmp_path / "run-expert")
    assert here.pop("config") == here.pop("_hparams_/session_start_info") == [0]
    # Without any, TensorBoard shows no chart.
    assert set(map(tuple, [*here.values(), *expert.values()])) == ({tuple(kept)} if kept else set())
    again = TensorBoard(tmp_path, "run")
    again.write_scalars(300, {"loss": 1.0})
    assert steps(tmp_path / "run")["loss"] == [*kept, 300]


def test_an_end_that_was_not_finished_is_dropped(tensorboard, tmp_path):
    [file] = (tmp_path / "run").iterdir()
    before = file.read_bytes()
    file.write_bytes(before[:-5])
    tensorboard.forget_after(200)
    *_, last = RawEventFileLoader(str(file.replace(tmp_path / "copy"))).Load()
    assert before.startswith(whole := (tmp_path / "copy").read_bytes())
    assert before[len(whole) :].count(b"Return/normalized") == 1 and b"Return/mean" in last
