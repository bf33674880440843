"""A policy as it is used: raw observations in, actions ready for `env.step` out; a SavedModel."""

import itertools
import pathlib

import tensorflow as tf

from mgail_tf.errors import UserError


class DeployedPolicy:
    """A policy together with its encodings; what is evaluated is what is exported.

    Args:
      policy: a model of `policy.py`, built.
      observations, actions: the encodings that it is trained with.

    Attributes:
      deterministic: [batch, observation_size] -> the most likely actions (mean or mode).
      stochastic: [batch, observation_size], seed [2] -> actions drawn from the policy.
    """

    def __init__(self, policy, observations, actions):
        observation = tf.TensorSpec([None, observations.size], tf.float32, "observation")
        seed = tf.TensorSpec([2], tf.int32, "seed")

        @tf.function(input_signature=[observation])
        def deterministic(observation):
            return actions.decode(policy.mode(observations.encode(observation)))

        @tf.function(input_signature=[observation, seed])
        def stochastic(observation, seed):
            noise = policy.noise.sample([tf.shape(observation)[0], actions.size], seed=seed)
            return actions.decode(policy.sample(observations.encode(observation), noise))

        self.deterministic, self.stochastic = deterministic, stochastic
        self._weights = policy.variables

    def save(self, folder):
        """Writes a SavedModel that needs nothing but TensorFlow.

        It has `deterministic` and `stochastic` as functions, and as signatures that return
        `action`: `serving_default` (the deterministic one) and `stochastic`.
        """
        module = tf.Module()
        module.weights = [weight.value for weight in self._weights]
        module.deterministic, module.stochastic = self.deterministic, self.stochastic
        signatures = {
            "serving_default": _signature(self.deterministic),
            "stochastic": _signature(self.stochastic),
        }
        tf.saved_model.save(module, str(folder), signatures)


def _signature(function):
    named = tf.function(lambda *inputs: {"action": function(*inputs)})
    return named.get_concrete_function(*function.input_signature)


def load(folder):
    """Loads what `DeployedPolicy.save` wrote.

    Returns:
      An object with `deterministic` and `stochastic` as in `DeployedPolicy`.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    try:
        loaded = tf.saved_model.load(str(pathlib.Path(folder)))
        loaded.deterministic, loaded.stochastic  # noqa: B018
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{folder} is not a SavedModel of a policy; train or export one") from error
    return loaded


def sampler(policy, seed):
    """The stochastic policy as a function of observations alone; each call draws anew."""
    calls = itertools.count()
    return lambda observation: policy.stochastic(observation, [seed, next(calls)])
