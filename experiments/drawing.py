"""Pictures. They need matplotlib, which nothing else here does."""

from collections.abc import Sequence
import importlib
import pathlib
from typing import Any

import numpy as np

from experiments.result import Result
from mgail_tf.errors import UserError


def figure(width: float, height: float) -> Any:
    """An empty `matplotlib.figure.Figure`, its size in inches.

    Raises:
      UserError: matplotlib is missing.
    """
    try:
        module = importlib.import_module("matplotlib.figure")
    except ImportError as error:
        raise UserError(
            "the picture needs matplotlib: pip install matplotlib, then give the same command again"
        ) from error
    return module.Figure(figsize=(width, height), layout="constrained")


def save(drawn: Any, file: pathlib.Path) -> None:
    """Writes a figure into a file, and says where."""
    file.parent.mkdir(parents=True, exist_ok=True)
    drawn.savefig(file, dpi=80)
    print(f"\n{file}")


def mean_curve(results: Sequence[Result]) -> tuple[np.ndarray, np.ndarray]:
    """Environment steps, and the mean of some runs' normalised returns there.

    The runs have the same settings but for the seed. If one is shorter than the others, so is the
    mean.
    """
    length = min(len(result.steps) for result in results)
    returns = np.array([result.returns[:length] for result in results])
    return results[0].steps[:length], returns.mean(0)
