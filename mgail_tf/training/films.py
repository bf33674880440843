"""Films of evaluated episodes for TensorBoard."""

import pathlib
import tempfile

from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.rendering import film

# Frames of a film, environment steps from one frame to the next, and pixels of a side. Only some
# environments let us choose the pixels.
FRAMES, STRIDE, PIXELS = 25, 2, 160


def of(env_name: str, episode: Episode) -> bytes:
    """Films the beginning of an episode: the bytes of a GIF.

    Args:
      env_name: a task, or a gymnasium id.
      episode: as it was played.

    Raises:
      UserError: nothing can be rendered on this machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "episode.gif")
        beginning = episode.actions[: FRAMES * STRIDE]
        film(env_name, episode.seed, beginning, file, size=PIXELS, stride=STRIDE)
        return file.read_bytes()
