"""Films and shows recorded episodes, in a process of its own.

Renderers bring compilers that TensorFlow has too, of another version; in one process they can crash
each other. So the episode is played first, and its actions are replayed where TensorFlow is not.
"""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from gymnasium.envs.mujoco import MujocoEnv
import imageio
import mujoco
import numpy as np

from mgail_tf import extras
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import UserError


def film(env_name, seed, actions, file, *, size=None, stride=1):
    """Writes an episode as a video; the file's ending (.mp4, .gif) tells the format.

    Args:
      env_name: as in `environments.make`.
      seed: what the environment was reset with.
      actions: [steps, ...] what was done, as the environment received it.
      file: where the video goes.
      size: pixels of a side, if given and if the environment lets us choose (MuJoCo's do).
      stride: number of steps from one picture to the next.

    Raises:
      UserError: the environment cannot be rendered here, or the file cannot be written.
    """
    check(file)
    _start(actions, env_name=env_name, seed=seed, file=str(file), size=size, stride=stride)


def check(file):
    """Checks a video's name before there is an episode to film.

    Raises:
      UserError: it has another ending than .mp4 and .gif, its folder is not there, or what writes
        .mp4 is not installed.
    """
    file = pathlib.Path(file)
    if file.suffix not in (".mp4", ".gif"):
        raise UserError(f"cannot film into {file}; use a name that ends in .mp4 or .gif")
    if not file.absolute().parent.is_dir():
        raise UserError(f"cannot film into {file}; {file.parent} is no folder")
    if file.suffix == ".mp4":
        with extras.needed("filming into a .mp4", "video"):
            importlib.import_module("imageio_ffmpeg")


def show(env_name, seed, actions):
    """Shows an episode in a window; arguments and errors as in `film`."""
    _start(actions, env_name=env_name, seed=seed)


def _start(actions, **options):
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


def _replay(actions, env_name, seed, file=None, size=None, stride=1):
    options = {"render_mode": "rgb_array" if file else "human"}
    env = make_environment(env_name)
    if isinstance(env.unwrapped, MujocoEnv):
        # Some of gymnasium's runners run out of the picture unless this camera is asked for.
        if mujoco.mj_name2id(env.unwrapped.model, mujoco.mjtObj.mjOBJ_CAMERA, "track") >= 0:
            options["camera_name"] = "track"
        if size:
            options |= {"width": size, "height": size}
    env.close()
    env = make_environment(env_name, **options)
    env.reset(seed=seed)
    writer = _writer(file, env.metadata.get("render_fps", 30) / stride) if file else None
    for step, action in enumerate(actions):
        if step % stride == 0:
            picture = env.render()
            if writer:
                writer.append_data(picture)
        env.step(action)
    if writer:
        writer.close()
    env.close()


def _writer(file, frames_per_second):
    if file.endswith(".mp4"):
        return imageio.get_writer(file, fps=frames_per_second)
    return imageio.get_writer(file, duration=1000 / frames_per_second, loop=0)


if __name__ == "__main__":
    if sys.platform == "linux" and "DISPLAY" not in os.environ:
        # Without a display MuJoCo's usual renderer fails; this one needs none.
        os.environ.setdefault("MUJOCO_GL", "egl")
    _replay(np.load(sys.argv[1]), **json.loads(sys.argv[2]))
