"""Films and shows recorded episodes, in a process of its own.

Renderers and TensorFlow bring the same libraries in different versions, which can crash each other
in one process. Therefore a second process, without TensorFlow, replays the actions of an episode
that was played before, and renders it.
"""

import contextlib
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

from mgail_tf import extras, whole, writable
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import NotWritten, UserError


def film(
    env_name: str,
    seed: int | None,
    actions: np.ndarray,
    file: str | pathlib.Path,
    *,
    size: int | None = None,
    stride: int = 1,
) -> None:
    """Writes an episode as a video; the file's ending (.mp4, .gif) tells the format.

    Args:
      env_name: a task or a gymnasium id.
      seed: what the environment was reset with; without it the film may start elsewhere.
      actions: [steps, ...] as the environment received them.
      file: where the video goes.
      size: pixels of a side, for environments that let us choose (MuJoCo's do).
      stride: number of steps from one picture to the next.

    Raises:
      UserError: the environment cannot be rendered here, or the file cannot be written.
      NotWritten: the disk is full.
    """
    check(file)
    _start(actions, env_name=env_name, seed=seed, file=str(file), size=size, stride=stride)
    try:
        whole.check_room(file)
    except NotWritten:
        pathlib.Path(file).unlink()
        raise


def check(file: str | pathlib.Path) -> None:
    """Checks a video's name, so that a wrong one is told before there is an episode to film.

    Raises:
      UserError: the name does not end in .mp4 or .gif, it is a folder's, its own folder does not
        exist or cannot be written, or what writes .mp4 is not installed.
    """
    file = pathlib.Path(file)
    if file.suffix not in (".mp4", ".gif"):
        raise UserError(f"cannot film into {file}; use a name that ends in .mp4 or .gif")
    if not writable.is_file_possible(file):
        raise UserError(
            f"cannot film into {file}; "
            + ("it is a folder" if file.is_dir() else f"{file.parent} is no folder to write to")
        )
    if file.suffix == ".mp4":
        with extras.needed("filming into a .mp4", "video"):
            importlib.import_module("imageio_ffmpeg")


def show(env_name: str, seed: int | None, actions: np.ndarray) -> None:
    """Shows an episode in a window; arguments and errors are those of `film`."""
    _start(actions, env_name=env_name, seed=seed)


def _start(actions: np.ndarray, **options: Any) -> None:
    """Calls `_replay` in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/actions.npy", actions)
        command = [sys.executable, "-m", "mgail_tf.envs.rendering", f"{folder}/actions.npy"]
        done = subprocess.run(
            [*command, json.dumps(options)],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    if done.returncode:
        *_, reason = done.stderr.strip().splitlines() or ["the renderer crashed"]
        raise UserError(f"cannot render {options['env_name']} here ({reason})")


def _replay(
    actions: np.ndarray,
    env_name: str,
    seed: int | None,
    file: str | None = None,
    size: int | None = None,
    stride: int = 1,
) -> None:
    """Takes the actions again, and films them into a file or shows them in a window."""
    options = _camera(env_name, size) | {"render_mode": "rgb_array" if file else "human"}
    with contextlib.closing(make_environment(env_name, **options)) as env:
        env.reset(seed=seed)
        writer = _writer(file, env.metadata.get("render_fps", 30) / stride) if file else None
        for step, action in enumerate(actions):
            if step % stride == 0:
                picture = env.render()
                if writer:
                    writer.append_data(np.asarray(picture))
            env.step(action)
        if writer:
            writer.close()


def _camera(env_name: str, size: int | None) -> dict[str, Any]:
    """Returns the arguments of `make_environment` that choose MuJoCo's camera and its size."""
    env = make_environment(env_name).unwrapped
    env.close()
    if "mujoco" not in sys.modules:
        return {}  # No MuJoCo environment; to import MuJoCo would take time for nothing.
    from gymnasium.envs.mujoco import MujocoEnv
    import mujoco

    if not isinstance(env, MujocoEnv):
        return {}
    options: dict[str, Any] = {"width": size, "height": size} if size else {}
    # Some of gymnasium's runners leave the picture unless this camera follows them.
    untyped: Any = mujoco  # The compiled module does not tell its names to type checkers.
    if untyped.mj_name2id(env.model, untyped.mjtObj.mjOBJ_CAMERA, "track") >= 0:
        options["camera_name"] = "track"
    return options


def _writer(file: str, frames_per_second: float) -> Any:
    import imageio

    if file.endswith(".mp4"):
        return imageio.get_writer(file, fps=frames_per_second)
    return imageio.get_writer(file, duration=1000 / frames_per_second, loop=0)


if __name__ == "__main__":
    if sys.platform == "linux" and "DISPLAY" not in os.environ:
        # Without a display MuJoCo's usual renderer fails; this one needs none.
        os.environ.setdefault("MUJOCO_GL", "egl")
    _replay(np.load(sys.argv[1]), **json.loads(sys.argv[2]))
