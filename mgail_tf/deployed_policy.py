"""The policy that is evaluated and exported: raw observations in, actions for `env.step` out."""

from collections.abc import Callable
import itertools
import json
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, Any, Protocol

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf import strict_json
from mgail_tf.envs.episodes import Act
from mgail_tf.errors import UserError
from mgail_tf.networks.encoding import ActionEncoder, BoxActionEncoder, ObservationEncoder

# The file of a SavedModel's folder that tells where the policy comes from.
ORIGIN = "policy.json"

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

    def network(self) -> dict[str, Any]:
        """As `DeployedPolicy.network`; policies of earlier versions have none."""
        ...


class DeployedPolicy:
    """A policy network together with its encoders.

    Observations may be of any number type, as arrays, tensors or lists. What is not float32 or
    float64 is calculated in the float type that the environment's observations have.

    Args:
      policy: the network, built.
      observations, actions: the encoders that it is trained with.

    Attributes:
      observations: as given.
      origin: where its demonstrations come from, for JSON; `save` writes it to `policy.json`.
      network: -> the weights as they are, and what is normalised by, for a run that starts from
        them: "layers", a kernel and a bias each; "activation" of the hidden ones; "sees", the means
        and deviations of observations and of continuous actions.
    """

    def __init__(self, policy: "Policy", observations: ObservationEncoder, actions: ActionEncoder):
        self.observations = observations

        def deterministic(observation):
            return actions.decode(policy.mode(observations.encode(observation)))

        def stochastic(observation, seed):
            noise = policy.noise.sample([tf.shape(observation)[0], actions.size], seed=seed)
            return actions.decode(policy.sample(observations.encode(observation), noise))

        def single_precision(observation):
            return actions.decode(policy.mode(observations.encode(observation)), tf.float32)

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

        self.origin: dict[str, Any] | None = None
        self.network: Callable[[], dict[str, Any]] = network
        self._deterministic, self._stochastic = tf.function(deterministic), tf.function(stochastic)
        self._single_precision = tf.function(single_precision)
        self._exported = tf.Module()
        self._exported.weights = [weight.value for weight in policy.variables]
        self._exported.encoders = [*observations.variables, *actions.variables]
        self._exported.deterministic = self._deterministic
        self._exported.stochastic = self._stochastic
        # For LiteRT, which does not calculate in 64 bits.
        self._exported.single_precision = self._single_precision
        self._exported.network = network

    def deterministic(self, observation: Any) -> tf.Tensor:
        """[batch, observation_size] -> the most likely actions (mean or mode)."""
        observation = self._tensor(observation)
        return self._traced(self._deterministic, observation.dtype)(observation)

    def stochastic(self, observation: Any, seed: Any) -> tf.Tensor:
        """[batch, observation_size], seed [2] -> actions drawn from the policy."""
        observation, seed = self._tensor(observation), tf.convert_to_tensor(seed, tf.int32)
        return self._traced(self._stochastic, observation.dtype, SEED)(observation, seed)

    def save(self, folder: str | pathlib.Path) -> None:
        """Writes a SavedModel that needs nothing but TensorFlow.

        It has `deterministic` and `stochastic` as functions, which take either float type, and as
        signatures, which take the one that the environment's observations have; a signature returns
        the action by the name `action`. The deterministic one is also called `serve`, and
        `serving_default`, which TensorFlow Serving takes if a request names none.
        """
        self._traced(self._deterministic, tf.float32)
        self._traced(self._stochastic, tf.float32, SEED)
        self._single_precision.get_concrete_function(self._spec(tf.float32))
        own = self._spec(self.observations.dtype)
        deterministic = _signature(self._deterministic, own)
        signatures = {
            "serve": deterministic,
            "serving_default": deterministic,
            "deterministic": deterministic,
            "stochastic": _signature(self._stochastic, own, SEED),
        }
        tf.saved_model.save(self._exported, str(folder), signatures)
        if self.origin is not None:
            pathlib.Path(folder, ORIGIN).write_text(strict_json.dumps(self.origin) + "\n")

    def save_weights(self, folder: str | pathlib.Path) -> None:
        """Brings what `save` wrote earlier up to date: a hundredth of its time.

        A SavedModel is a program and a checkpoint of its variables; only the latter is written.
        """
        folder = pathlib.Path(folder)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as aside:
            tf.train.Checkpoint(root=self._exported).write(f"{aside}/variables")
            for file in sorted(pathlib.Path(aside).iterdir()):
                os.replace(file, folder / "variables" / file.name)

    def _traced(self, function: Any, dtype: tf.DType, *others: tf.TensorSpec) -> Any:
        """The program of a function for observations of a float type; traced once."""
        # A SavedModel takes lists and arrays for the type that was traced first.
        if dtype != tf.float64:
            function.get_concrete_function(self._spec(tf.float64), *others)
        return function.get_concrete_function(self._spec(dtype), *others)

    def _spec(self, dtype: tf.DType) -> tf.TensorSpec:
        return tf.TensorSpec([None, self.observations.size], dtype, "observation")

    def _tensor(self, observation: Any) -> tf.Tensor:
        own = self.observations.dtype
        if not tf.is_tensor(observation):
            observation = np.asarray(observation)
        kept = observation.dtype in (np.float32, np.float64)
        return tf.cast(observation, observation.dtype if kept else own)


# Of the seed that stochastic policies draw from.
SEED = tf.TensorSpec([2], tf.int32, "seed")


def _signature(function: Any, *inputs: tf.TensorSpec) -> Any:
    """Makes a `tf.function` one that returns its result by the name `action`."""
    named = tf.function(lambda *inputs: {"action": function(*inputs)})
    return named.get_concrete_function(*inputs)


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


def read_origin(folder: str | pathlib.Path) -> dict[str, Any]:
    """Returns what a policy's `policy.json` tells of where it comes from; {} without one.

    Raises:
      UserError: the file is damaged.
    """
    file = pathlib.Path(folder, ORIGIN)
    if not file.exists():
        return {}
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file} is damaged ({error}); export the policy anew") from error


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

    The result has one signature, which takes `observation` (float32, because LiteRT does not
    calculate in 64 bits) and returns `action`.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    policy = load(folder)
    # Policies of earlier versions calculate in 32 bits only.
    function = getattr(policy, "single_precision", policy.deterministic)
    [observation] = policy.signatures["serving_default"].structured_input_signature[1].values()
    single = tf.TensorSpec(observation.shape, tf.float32, "observation")
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [_signature(function, single)], policy
    )
    return converter.convert()


def hardly_resolved(policy: LoadedPolicy) -> list[int]:
    """The components of observations that float32 resolves to no more than a fifth of a deviation.

    None is known of policies of earlier versions.
    """
    if not hasattr(policy, "network"):
        return []
    sees: Any = policy.network()["sees"]
    step = np.spacing(np.abs(sees["observation_mean"].numpy()).astype(np.float32))
    return np.flatnonzero(step > 0.2 * sees["observation_stddev"].numpy()).tolist()


def sampler(policy: LoadedPolicy | DeployedPolicy, seed: int) -> Act:
    """Returns the stochastic policy as a function of observations; each call draws anew."""
    calls = itertools.count()
    return lambda observation: policy.stochastic(observation, [seed, next(calls)])
