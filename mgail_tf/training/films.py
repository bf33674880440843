"""Films of evaluated episodes for TensorBoard."""

import pathlib
import sys
import tempfile

import numpy as np
from tqdm import tqdm

from mgail_tf.envs.rendering import film
from mgail_tf.errors import UserError
from mgail_tf.training.tensorboard import TensorBoard

# Frames of a film, environment steps from one frame to the next, and pixels of a side. Only some
# environments let us choose the pixels.
FRAMES, STRIDE, PIXELS = 25, 2, 160


class Filming:
    """Films the beginning of an episode now and then.

    If nothing can be rendered on this machine, it says so once and films no more.

    Args:
      env_name: a task, or a gymnasium id.
      every: number of calls from film to film; 0: no films.
    """

    def __init__(self, env_name: str, every: int):
        self._env_name, self._every, self._calls = env_name, every, 0

    def film(
        self, seed: int | None, actions: np.ndarray, tensorboard: TensorBoard, step: int
    ) -> None:
        """Writes a film of an episode to TensorBoard if it is time.

        Args:
          seed: what the environment was reset with.
          actions: [steps, ...] as the environment received them.
          tensorboard: of the run.
          step: environment steps so far.
        """
        self._calls += 1
        if not self._every or self._calls % self._every:
            return
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "episode.gif")
            try:
                beginning = actions[: FRAMES * STRIDE]
                film(self._env_name, seed, beginning, file, size=PIXELS, stride=STRIDE)
            except UserError as error:
                tqdm.write(f"TensorBoard will show no episodes: {error}", file=sys.stderr)
                self._every = 0
                return
            tensorboard.write_animation("episode", step, file.read_bytes())
