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
        `action`; `serve` is the deterministic one too, and what TensorFlow Serving takes if asked
        for nothing (`serving_default`).
        """
        module = tf.Module()
        module.weights = [weight.value for weight in self._weights]
        module.deterministic, module.stochastic = self.deterministic, self.stochastic
        deterministic = _signature(self.deterministic)
        signatures = {
            "serve": deterministic,
            "serving_default": deterministic,
            "deterministic": deterministic,
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


def check_fits(policy, env):
    """Checks that a loaded policy is of an environment's spaces.

    Raises:
      UserError: its observations or actions have another shape.
    """
    signature = policy.signatures["serving_default"]
    [observation] = signature.structured_input_signature[1].values()
    action = signature.structured_outputs["action"]
    for what, found, wanted in (
        ("observations", observation.shape[1:], env.observation_space.shape),
        ("actions", action.shape[1:], env.action_space.shape),
    ):
        if tuple(found) != wanted:
            raise UserError(
                f"the policy's {what} are of shape {tuple(found)}, {env.spec.id}'s of {wanted}; "
                "evaluate it in the environment that it was trained for"
            )


def to_litert(folder):
    """The deterministic policy of a SavedModel as a LiteRT flatbuffer, for small devices.

    Its only signature takes `observation` and returns `action`, as the SavedModel's.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    load(folder)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder), signature_keys=["serving_default"]
    )
    return converter.convert()


def sampler(policy, seed):
    """The stochastic policy as a function of observations alone; each call draws anew."""
    calls = itertools.count()
    return lambda observation: policy.stochastic(observation, [seed, next(calls)])
