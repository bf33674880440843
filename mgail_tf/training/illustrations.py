"""What TensorBoard shows of a run besides numbers: agent against expert, and filmed episodes."""

import pathlib
import sys
import tempfile

from tqdm import tqdm

from mgail_tf.envs.rendering import film
from mgail_tf.errors import UserError
from mgail_tf.networks.discriminator import AGENT, EXPERT

# Of longer observations and actions, so many components are enough to look at.
COMPONENTS = 20
# A film's frames, the steps from one to the next, and the pixels of a side where the environment
# lets us choose.
FRAMES, STRIDE, PIXELS = 25, 2, 160


def compare(discriminator, agent, expert):
    """Arrays to make histograms of, by name.

    Args:
      discriminator: the network.
      agent, expert: `replay.Segment` [1, batch, ...] of each, as the networks see them.

    Returns:
      For each side its observations and actions, component by component, and the discriminator's
      log odds of its pairs being the expert's; [batch] each.
    """
    arrays = {}
    for side, segment in ("agent", agent), ("expert", expert):
        observation, action = segment.observation[0], segment.action[0]
        for kind, values in ("observation", observation), ("action", action):
            for index in range(min(COMPONENTS, values.shape[-1])):
                arrays[f"{kind}/{index:02}_{side}"] = values[:, index]
        logits = discriminator(observation, action)
        arrays[f"discriminator/log_odds_{side}"] = logits[:, EXPERT] - logits[:, AGENT]
    return {name: values.numpy() for name, values in arrays.items()}


class Filming:
    """Films the beginning of an episode now and then, as long as there is a renderer.

    Args:
      env_name: as in `environments.make`.
      every: number of calls from film to film; 0: none.
    """

    def __init__(self, env_name, every):
        self._env_name, self._every, self._calls = env_name, every, 0

    def film(self, seed, actions, tensorboard, step):
        """Writes a film of an episode to TensorBoard if it is time.

        Args:
          seed, actions: as in `rendering.film`.
          tensorboard: `tensorboard.TensorBoard`.
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
