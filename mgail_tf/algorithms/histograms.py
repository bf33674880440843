"""Arrays whose distributions tell what separates the agent from the expert."""

import numpy as np

from mgail_tf.networks.discriminator import Discriminator, Pair, log_odds

# Of longer observations and actions, so many components are enough to look at.
SHOWN_COMPONENTS = 20


def compare(discriminator: Discriminator, agent: Pair, expert: Pair) -> dict[str, np.ndarray]:
    """Arrays to make histograms of, by name.

    Args:
      discriminator: the network.
      agent, expert: observations and actions [batch, size] of each, as the networks see them.

    Returns:
      For each side its observations and actions, component by component, and the log odds that
      its pairs are the expert's; [batch] each.
    """
    arrays = {}
    for side, (observation, action) in ("agent", agent), ("expert", expert):
        for kind, values in ("observation", observation), ("action", action):
            for index in range(min(SHOWN_COMPONENTS, values.shape[-1])):
                arrays[f"{kind}/{index:02}_{side}"] = np.asarray(values[:, index])
        arrays[f"discriminator/log_odds_{side}"] = log_odds(
            discriminator(observation, action)
        ).numpy()
    return arrays
