"""What to do after a training: commands that work where they are pasted."""

import importlib.util
import pathlib
import shlex

from mgail_tf.commands import command_line
from mgail_tf.envs.make import make_environment


def next_steps(env_name: str, logdir: pathlib.Path) -> str:
    """Lines that say how to evaluate, film, watch and deploy a run's policy.

    Args:
      env_name: what the run was trained in.
      logdir: its folder, as the user has called it.
    """
    policy = ["--saved_model", str(logdir / "saved_model")]
    in_env = [*policy, "--env", env_name]
    steps = {"evaluate": f"{command_line.call('evaluate')} {shlex.join(in_env)}"}
    env = make_environment(env_name)
    env.close()
    if "rgb_array" in env.metadata.get("render_modes", []):
        # What writes .mp4 is an extra.
        ending = "mp4" if importlib.util.find_spec("imageio_ffmpeg") else "gif"
        film = shlex.join(["--episodes", "1", "--video", str(logdir / f"episode.{ending}")])
        steps["film"] = f"{steps['evaluate']} {film}"
    curves = shlex.join(["--logdir", str(logdir / "tensorboard")])
    steps["curves"] = f"{command_line.call_tensorboard()} {curves}"
    small = shlex.join([*policy, "--out", str(logdir / "policy.tflite")])
    steps["deploy"] = f"{command_line.call('export')} {small}"
    lines = [f"  {name:10}{command}" for name, command in steps.items()]
    return "\n".join([f"The policy is in {logdir / 'saved_model'}. What next:", *lines])
