"""The demonstrations that the settings of a run ask for."""

import pathlib

from mgail_tf.config import Run
from mgail_tf.data import demonstrations
from mgail_tf.data.demonstrations import Demonstrations


def load(dataset: str | pathlib.Path, run: Run) -> Demonstrations:
    """Loads what a run takes of a dataset; see `demonstrations.load` for errors and warnings."""
    return demonstrations.load(
        dataset,
        run.env,
        run.num_trajectories,
        run.subsample,
        run.seed,
        accept_mismatch=run.accept_mismatch,
    )
