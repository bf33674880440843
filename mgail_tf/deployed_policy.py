"""The policy that is evaluated and exported: raw observations in, actions for `env.step` out."""

from collections.abc import Callable
import itertools
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, Any, Protocol

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf.envs.episodes import Act
from mgail_tf.errors import UserError
from mgail_tf.networks.encoding import ActionEncoder, BoxActionEncoder, ObservationEncoder

if TYPE_CHECKING:
    # It imports TensorFlow Probability, which takes seconds and which saved policies do without.
    from mgail_tf.networks.policy import Policy


class LoadedPolicy(Protocol):
    """A policy that was loaded from a SavedModel.

    Attributes:
      signatures: functions by name that take and return tensors by name, for TensorFlow Serving.
    """

    signatures: Any

    def deterministic(self, observation: np.ndarray | tf.Tensor) -> tf.Tensor:
        """[batch, observation_size] -> the most likely actions (mean or mode)."""
        ...

    def stochastic(self, observation: np.ndarray | tf.Tensor, seed: Any) -> tf.Tensor:
        """[batch, observation_size], seed [2] -> actions drawn from the policy."""
        ...


class DeployedPolicy:
    """A policy network together with its encoders.

    Args:
      policy: the network, built.
      observations, actions: the encoders that it is trained with.

    Attributes:
      deterministic: [batch, observation_size] -> the most likely actions (mean or mode).
      stochastic: [batch, observation_size], seed [2] -> actions drawn from the policy.
      network: -> the weights as they are, and what is normalised by, for a run that starts from
        them: "layers", a kernel and a bias each; "activation" of the hidden ones; "sees", the means
        and deviations of observations and of continuous actions.
    """

    def __init__(self, policy: "Policy", observations: ObservationEncoder, actions: ActionEncoder):
        observation = tf.TensorSpec([None, observations.size], tf.float32, "observation")
        seed = tf.TensorSpec([2], tf.int32, "seed")

        @tf.function(input_signature=[observation])
        def deterministic(observation):
            return actions.decode(policy.mode(observations.encode(observation)))

        @tf.function(input_signature=[observation, seed])
        def stochastic(observation, seed):
            noise = policy.noise.sample([tf.shape(observation)[0], actions.size], seed=seed)
            return actions.decode(policy.sample(observations.encode(observation), noise))

        @tf.function(input_signature=[])
        def network():
            sees = {
                "observation_mean": observations.mean,
                "observation_stddev": observations.stddev,
            }
            if isinstance(actions, BoxActionEncoder):
                sees |= {"action_mean": actions.mean, "action_stddev": actions.stddev}
            layers = policy.layers_to_action
            return {
                "layers": [[weight.value for weight in layer.variables] for layer in layers],
                "activation": tf.constant(layers[0].activation.__name__),
                "sees": sees,
            }

        self.deterministic: Callable[..., tf.Tensor] = deterministic
        self.stochastic: Callable[..., tf.Tensor] = stochastic
        self.network: Callable[[], dict[str, Any]] = network
        self._exported = tf.Module()
        self._exported.weights = [weight.value for weight in policy.variables]
        self._exported.deterministic = deterministic
        self._exported.stochastic = stochastic
        self._exported.network = network

    def save(self, folder: str | pathlib.Path) -> None:
        """Writes a SavedModel that needs nothing but TensorFlow.

        It has `deterministic` and `stochastic` as functions and as signatures; a signature returns
        the action by the name `action`. The deterministic one is also called `serve`, and
        `serving_default`, which TensorFlow Serving takes if a request names none.
        """
        deterministic = _signature(self.deterministic)
        signatures = {
            "serve": deterministic,
            "serving_default": deterministic,
            "deterministic": deterministic,
            "stochastic": _signature(self.stochastic),
        }
        tf.saved_model.save(self._exported, str(folder), signatures)

    def save_weights(self, folder: str | pathlib.Path) -> None:
        """Brings what `save` wrote earlier up to date: a hundredth of its time.

        A SavedModel is a program and a checkpoint of its variables; only the latter is written.
        """
        folder = pathlib.Path(folder)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as aside:
            tf.train.Checkpoint(root=self._exported).write(f"{aside}/variables")
            for file in sorted(pathlib.Path(aside).iterdir()):
                os.replace(file, folder / "variables" / file.name)


def _signature(function: Any) -> Any:
    """Makes a `tf.function` one that returns its result by the name `action`."""
    named = tf.function(lambda *inputs: {"action": function(*inputs)})
    return named.get_concrete_function(*function.input_signature)


def load(folder: str | pathlib.Path) -> LoadedPolicy:
    """Loads what `DeployedPolicy.save` wrote.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    message = f"{folder} is not a SavedModel of a policy; train or export one"
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(message) from error
    if not (hasattr(loaded, "deterministic") and hasattr(loaded, "stochastic")):
        raise UserError(message)
    return loaded


def check_fits(policy: LoadedPolicy, env: gymnasium.Env) -> None:
    """Checks that a policy's observations and actions have the shapes of an environment's.

    Raises:
      UserError: they have other shapes.
    """
    signature = policy.signatures["serving_default"]
    [observation] = signature.structured_input_signature[1].values()
    action = signature.structured_outputs["action"]
    for what, tensor, space in (
        ("observations", observation, env.observation_space),
        ("actions", action, env.action_space),
    ):
        shape = tuple(tensor.shape[1:])
        if shape != space.shape:
            name = env.spec.id if env.spec else "the environment"
            raise UserError(
                f"the policy's {what} are of shape {shape}, {name}'s of {space.shape}; "
                "evaluate it in the environment that it was trained for"
            )


def to_litert(folder: str | pathlib.Path) -> bytes:
    """Converts the deterministic policy of a SavedModel to LiteRT, a format for small devices.

    The result has one signature, which takes `observation` and returns `action` as the SavedModel's
    does.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    load(folder)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder), signature_keys=["serving_default"]
    )
    return converter.convert()


def sampler(policy: LoadedPolicy | DeployedPolicy, seed: int) -> Act:
    """Returns the stochastic policy as a function of observations; each call draws anew."""
    calls = itertools.count()
    return lambda observation: policy.stochastic(observation, [seed, next(calls)])
