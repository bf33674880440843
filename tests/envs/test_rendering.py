import pathlib

import imageio
import numpy as np
from programs import ROOT, python
import pytest

from mgail_tf.envs import rendering
from mgail_tf.errors import UserError


def test_a_film_shows_every_kth_step_of_the_episode(tmp_path: pathlib.Path):
    def film(seed: int, actions: np.ndarray, stride: int) -> np.ndarray:
        file = tmp_path / "film.gif"
        rendering.film("CartPole", seed, actions, file, stride=stride)
        return np.array(imageio.mimread(file))

    # To one side for nine steps; slow ones at the start are alike, and GIFs show them as one.
    right, left = np.ones(9, int), np.zeros(9, int)
    every_step, every_fourth = film(0, right, 1), film(0, right, 4)
    assert 6 < len(every_step) < 10 and len(every_fourth) == 3
    assert every_step.shape[1:3] == (400, 600) and np.ptp(every_step[0]) > 100
    np.testing.assert_array_equal(every_fourth[[0, 2]], every_step[[0, -1]])
    assert (film(1, right, 4)[0] != every_fourth[0]).any()
    np.testing.assert_array_equal(film(0, left, 4)[0], every_fourth[0])
    assert (film(0, left, 4)[2] != every_fourth[2]).any()


def test_an_environment_that_cannot_be_rendered(tmp_path: pathlib.Path):
    with pytest.raises(UserError, match="cannot render thirdparty:Discrete-v0 here"):
        rendering.film("thirdparty:Discrete-v0", 0, np.array([5]), tmp_path / "film.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "message"), [("v.avi", ".mp4"), ("nowhere/v.gif", "no folder")])
def test_bad_names(name, message, tmp_path: pathlib.Path):
    with pytest.raises(UserError, match=message):
        rendering.check(tmp_path / name)
    rendering.check(tmp_path / "film.gif")


def test_the_process_that_renders_is_without_tensorflow(tmp_path: pathlib.Path):
    program = "import sys, mgail_tf.envs.rendering\nprint('tensorflow' in sys.modules)"
    done = python("-c", program, folder=tmp_path, PYTHONPATH=str(ROOT))
    assert done.stdout == "False\n", done.stderr
