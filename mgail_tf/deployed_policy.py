"""The policy that is evaluated and exported: raw observations in, actions for `env.step` out."""

from collections.abc import Callable
import pathlib
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf import policy_files
from mgail_tf.data import fingerprint
from mgail_tf.errors import UserError
from mgail_tf.networks.encoding import ActionEncoder, BoxActionEncoder, ObservationEncoder

if TYPE_CHECKING:
    # It imports TensorFlow Probability, which takes seconds and which saved policies do without.
    from mgail_tf.networks.policy import Policy


class DeployedPolicy:
    """A policy network together with its encoders.

    Observations may be of any number type, as arrays, tensors or lists. What is not float32 or
    float64 is calculated in the float type that the environment's observations have.

    Args:
      policy: the network, built.
      observations, actions: the encoders that it is trained with.
      space: of the observations before they were flattened, if it is known.

    Raises:
      UserError: by `deterministic` and `stochastic`: observations are of another shape.

    Attributes:
      observations: as given.
      origin: where its demonstrations come from, for JSON; `save` writes it to `policy.json`.
      network: -> the weights as they are, and what is normalised by, for a run that starts from
        them: "layers", a kernel and a bias each; "activation" of the hidden ones; "sees", the means
        and deviations of observations and of continuous actions.
    """

    def __init__(
        self,
        policy: "Policy",
        observations: ObservationEncoder,
        actions: ActionEncoder,
        space: gymnasium.Space | None = None,
    ):
        self.observations, self.space = observations, space

        def deterministic(observation):
            return actions.decode(policy.mode(observations.encode(observation)))

        def stochastic(observation, seed):
            noise = policy.noise.sample([tf.shape(observation)[0], actions.size], seed=seed)
            return actions.decode(policy.sample(observations.encode(observation), noise))

        def single_precision(observation):
            return actions.decode(policy.mode(observations.encode(observation)), tf.float32)

        @tf.function(input_signature=[], autograph=False)
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
        # Without autograph, which would take seconds to translate what has no loops.
        self._deterministic = tf.function(deterministic, autograph=False)
        self._stochastic = tf.function(stochastic, autograph=False)
        self._single_precision = tf.function(single_precision, autograph=False)
        self._exported = tf.Module()
        self._exported.weights = [weight.value for weight in policy.variables]
        self._exported.encoders = [*observations.variables, *actions.variables]
        self._exported.deterministic = tf.function(
            lambda observation: self.deterministic(observation), autograph=False
        )
        self._exported.stochastic = tf.function(
            lambda observation, seed: self.stochastic(observation, seed), autograph=False
        )
        # For LiteRT, which does not calculate in 64 bits.
        self._exported.single_precision = self._single_precision
        self._exported.network = network

    def deterministic(self, observation: Any) -> tf.Tensor:
        """[batch, observation_size], or a single one -> the most likely actions (mean or mode)."""
        observation = self._tensor(observation)
        if observation.shape.rank == 1:
            return self.deterministic(observation[None])[0]
        return self._traced(self._deterministic, observation.dtype)(observation)

    def stochastic(self, observation: Any, seed: Any) -> tf.Tensor:
        """[batch, observation_size], or a single one; seed [2] -> actions drawn from the policy."""
        observation, seed = self._tensor(observation), tf.convert_to_tensor(seed, tf.int32)
        if observation.shape.rank == 1:
            return self.stochastic(observation[None], seed)[0]
        return self._traced(self._stochastic, observation.dtype, SEED)(observation, seed)

    def save(self, folder: str | pathlib.Path) -> None:
        """Writes a SavedModel that needs nothing but TensorFlow.

        It has `deterministic` and `stochastic` as functions, which take either float type, in
        batches or a single observation; and as signatures, which take batches of the type that the
        environment's observations have. A signature returns the action by the name `action`. The
        deterministic one is also called `serve`, and `serving_default`, which TensorFlow Serving
        takes if a request names none. See `policy_files` for what is written beside it.
        """
        # Lists and arrays are taken for the type that was traced first.
        for dtype in tf.float64, tf.float32:
            batch = self._spec(dtype)
            for observation in batch, tf.TensorSpec(batch.shape[1:], dtype, batch.name):
                self._exported.deterministic.get_concrete_function(observation)
                self._exported.stochastic.get_concrete_function(observation, SEED)
        self._single_precision.get_concrete_function(self._spec(tf.float32))
        own = self._spec(self.observations.dtype)
        deterministic = signature(self._deterministic, own)
        signatures = {
            "serve": deterministic,
            "serving_default": deterministic,
            "deterministic": deterministic,
            "stochastic": signature(self._stochastic, own, SEED),
        }
        tf.saved_model.save(self._exported, str(folder), signatures)
        if self.space is not None:
            policy_files.write_observations(folder, self.space)
        if self.origin is not None:
            policy_files.write_origin(folder, self.origin)

    def save_weights(self, folder: str | pathlib.Path) -> None:
        """Writes what the folder `variables` of a SavedModel has: the weights as they are now.

        A SavedModel is a program and a checkpoint of its variables. To write the latter alone takes
        a hundredth of the time.
        """
        tf.train.Checkpoint(root=self._exported).write(f"{folder}/variables")

    def digest(self) -> str:
        """Names the deterministic policy as it is now, by its weights."""
        return fingerprint.of(*tf.nest.flatten(self.network()["layers"]))

    def _traced(self, function: Any, dtype: tf.DType, *others: tf.TensorSpec) -> Any:
        """The program of a function for observations of a float type; traced once."""
        return function.get_concrete_function(self._spec(dtype), *others)

    def _spec(self, dtype: tf.DType) -> tf.TensorSpec:
        return tf.TensorSpec([None, self.observations.size], dtype, "observation")

    def _tensor(self, observation: Any) -> tf.Tensor:
        own, size = self.observations.dtype, self.observations.size
        if not tf.is_tensor(observation):
            observation = policy_files.as_vectors(observation, size)
        elif observation.shape.rank not in (1, 2) or observation.shape[-1] not in (size, None):
            raise UserError(
                f"the policy takes observations of shape {(size,)}, in a batch or alone; this one "
                f"is of {tuple(observation.shape)}"
            )
        kept = observation.dtype in (np.float32, np.float64)
        return tf.cast(observation, observation.dtype if kept else own)


# Of the seed that stochastic policies draw from.
SEED = tf.TensorSpec([2], tf.int32, "seed")


def signature(function: Any, *inputs: tf.TensorSpec) -> Any:
    """Makes a signature of a `tf.function`: it returns the result by the name `action`."""
    named = tf.function(lambda *inputs: {"action": function(*inputs)}, autograph=False)
    return named.get_concrete_function(*inputs)
