"""The policy that MGAIL starts from: the one that behavioural cloning finds."""

from collections.abc import Sequence

from mgail_tf.algorithms.behavioural_cloning import BehaviouralCloning
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.data.replay import Replay
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.policy import Policy


def start_from_clone(
    policies: Sequence[Policy], encoders: Encoders, demonstrated: Replay, seed: int
) -> dict[str, float]:
    """Gives policies the weights of a cloned one; it takes seconds, and no environment steps.

    A random policy needs thousands of steps before it is where the demonstrations have been. The
    noise of continuous actions is left as it is.

    Args:
      policies: what starts from the clone.
      encoders: of observations and actions.
      demonstrated: the demonstrations, as the networks see them.
      seed: of cloning.

    Returns:
      How well cloning went, for the curves.
    """
    hidden = tuple(layer.units for layer in policies[0].hidden.denses)
    options = CloningOptions(policy_hidden=hidden)
    cloning = BehaviouralCloning(options, encoders, demonstrated, seed=seed)
    metrics = {}
    while not cloning.finished:
        metrics = cloning.learn()
    for policy in policies:
        for layer, cloned in zip(
            policy.layers_to_action, cloning.best_policy.layers_to_action, strict=True
        ):
            layer.set_weights(cloned.get_weights())
    return {name: float(value) for name, value in metrics.items()}
