"""A policy that was loaded from a SavedModel."""

import itertools
import pathlib
from typing import Any
import warnings

import gymnasium
import numpy as np
import tensorflow as tf

from mgail_tf import policy_files
from mgail_tf.data import fitting
from mgail_tf.envs.episodes import Act
from mgail_tf.errors import DataWarning, UserError
from mgail_tf.quiet import quiet
from mgail_tf.saved_program import beyond_computing

# What TensorFlow raises about a folder that is damaged, or of another program.
DAMAGE = (
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    tf.errors.OpError,
)


class LoadedPolicy:
    """A policy that was loaded from a SavedModel.

    It takes what the SavedModel's own functions take: observations [batch, observation_size], or a
    single one [observation_size], of numbers of any type. It also takes an observation as the
    environment gives it before it is flattened: a dict, for example. (An array [1, n] counts as a
    batch, even if the space's own observations look like that.)

    Args:
      saved: what `tf.saved_model.load` gave.
      space: of the observations before they are flattened, if it is known.
      components: what each component of a flattened observation is; empty if that is not known.

    Attributes:
      signatures: functions by name that take and return tensors by name, for TensorFlow Serving.
      saved, space, components: as given.
    """

    def __init__(self, saved: Any, space: gymnasium.Space | None, components: list[str]):
        self.saved, self.space, self.components = saved, space, components
        self.signatures: Any = saved.signatures
        [self._input] = self.signatures["serving_default"].structured_input_signature[1].values()

    def deterministic(self, observation: Any) -> tf.Tensor:
        """The most likely actions (mean or mode): [batch, ...], or [...] of one observation."""
        batch, alone = self._batch(observation)
        action = self.saved.deterministic(batch)
        return action[0] if alone else action

    def compiled(self) -> Act:
        """`deterministic`, compiled for whole episodes: each call takes a third of the time.

        It takes arrays [batch, observation_size]. The first call with a batch size takes a third of
        a second. Actions differ from those of `deterministic` by rounding.
        """
        compiled = tf.function(self.saved.deterministic, jit_compile=True, autograph=False)
        return lambda observation: compiled(tf.constant(observation, self._input.dtype))

    def stochastic(self, observation: Any, seed: Any) -> tf.Tensor:
        """Actions that are drawn from the policy with a seed [2]; shapes as of `deterministic`."""
        batch, alone = self._batch(observation)
        # A list would be traced anew for each seed.
        action = self.saved.stochastic(batch, tf.cast(seed, tf.int32))
        return action[0] if alone else action

    def read_weights(self, folder: str | pathlib.Path) -> None:
        """Takes the weights that a folder of the same SavedModel holds now.

        To load the whole would take fifty times as long.

        Raises:
          UserError: the weights are gone.
        """
        checkpoint = tf.train.Checkpoint(root=self.saved)
        try:
            status = checkpoint.read(f"{folder}/variables/variables")
        except tf.errors.NotFoundError as error:
            raise UserError(
                f"{folder} is gone; the same command makes it again, and goes on"
            ) from error
        status.assert_existing_objects_matched()

    def _batch(self, observation: Any) -> tuple[tf.Tensor, bool]:
        """[batch, observation_size] observations, and whether there was one alone.

        What earlier versions have exported takes batches only.
        """
        if self.space is not None and self._is_sample(observation):
            observation = fitting.flattened(self.space, observation, "the policy's observation")
        also = "" if self.space is None else f", or of {self.space}"
        vectors = policy_files.as_vectors(observation, self._input.shape[1], also)
        return tf.constant(np.atleast_2d(vectors), self._input.dtype), vectors.ndim == 1

    def _is_sample(self, observation: Any) -> bool:
        """Whether an observation is one of the space's own, which is not flattened yet."""
        if isinstance(self.space, gymnasium.spaces.Dict | gymnasium.spaces.Tuple):
            return isinstance(observation, dict | tuple)
        if self.space is None or isinstance(observation, dict | tuple):
            return False
        shape = fitting.rows([observation], "the policy's observation").shape[1:]
        return shape == self.space.shape and shape[-1:] != (self._input.shape[1],)


def load(folder: str | pathlib.Path) -> LoadedPolicy:
    """Loads what `DeployedPolicy.save` wrote.

    A SavedModel is a program: load only those that you trust. A `DataWarning` names what one can do
    besides computing; ours can do nothing else.

    Args:
      folder: of the SavedModel, or of the run that wrote it.

    Raises:
      UserError: the folder holds no such SavedModel.
    """
    folder = policy_files.find(folder)
    if operations := beyond_computing(folder):
        warnings.warn(
            f"{folder} can do more than compute ({', '.join(operations)}): a SavedModel is a "
            "program; use only those that you trust",
            DataWarning,
            stacklevel=2,
        )
    message = f"{folder} is not a SavedModel of a policy; train or export one"
    try:
        with quiet():  # TensorFlow logs tracebacks of what it can do without.
            loaded = tf.saved_model.load(str(folder))
    except DAMAGE as error:
        raise UserError(message) from error
    if not (hasattr(loaded, "deterministic") and hasattr(loaded, "stochastic")):
        raise UserError(message)
    return LoadedPolicy(loaded, *policy_files.read_observations(folder))


def check_fits(policy: LoadedPolicy, env: gymnasium.Env) -> None:
    """Checks that a policy's observations and actions have the shapes of an environment's.

    Raises:
      UserError: they have other shapes.
    """
    signature = policy.signatures["serving_default"]
    [observation] = signature.structured_input_signature[1].values()
    action = signature.structured_outputs["action"]
    policy_files.check_shapes(tuple(observation.shape[1:]), tuple(action.shape[1:]), env)


def sampler(policy: LoadedPolicy, seed: int) -> Act:
    """Returns the stochastic policy as a function of observations; each call draws anew."""
    calls = itertools.count()
    return lambda observation: policy.stochastic(observation, [seed, next(calls)])


def with_noise(policy: LoadedPolicy, scale: float, space: gymnasium.Space, seed: int) -> Act:
    """Returns the policy with `scale` times its own action noise; each call draws anew.

    The noise is the difference between a drawn action and the most likely one, both as the
    environment receives them; so it is the policy's Gaussian noise as far as the space's bounds do
    not clip either of them.

    Args:
      policy: of an environment with these actions.
      scale: 0 takes the most likely actions, 1 draws them as the policy does.
      space: the environment's actions.
      seed: of what is drawn.

    Raises:
      UserError: actions are choices or whole numbers, and `scale` is neither 0 nor 1.
    """
    if scale == 0.0:
        return policy.deterministic
    draw = sampler(policy, seed)
    if scale == 1.0:
        return draw
    if not (isinstance(space, gymnasium.spaces.Box) and np.issubdtype(space.dtype, np.floating)):
        raise UserError(f"`noise_scale={scale:g}`: the noise of actions of {space} has no scale")

    def act(observation: Any) -> np.ndarray:
        likely = np.asarray(policy.deterministic(observation))
        noise = np.asarray(draw(observation)) - likely
        return np.clip(likely + scale * noise, space.low, space.high)

    return act
