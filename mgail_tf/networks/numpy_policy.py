"""The policy in NumPy: one action in a hundredth of the time that TensorFlow needs for it."""

from typing import Any

import keras
import numpy as np

from mgail_tf.networks.encoding import BoxActionEncoder, DiscreteActionEncoder, ObservationEncoder
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy


class NumpyPolicy:
    """A policy's weights as they are now, to act with until they change.

    Args:
      policy: the network, built; hidden layers of rectified linear units.
      observations, actions: the encodings that it is trained with.
      space: the environment's action space.
    """

    def __init__(
        self,
        policy: GaussianPolicy | CategoricalPolicy,
        observations: ObservationEncoder,
        actions: BoxActionEncoder | DiscreteActionEncoder,
        space: Any,
    ) -> None:
        *self._hidden, self._last = fetch(policy.layers_to_action)
        self._mean, self._stddev = observations.mean.numpy(), observations.stddev.numpy()
        self._space, self._discrete = space, isinstance(actions, DiscreteActionEncoder)
        if self._discrete:
            self._one_hot = np.eye(actions.size, dtype=np.float32)
        else:
            self._action_mean, self._action_stddev = actions.mean.numpy(), actions.stddev.numpy()
            self._rounded = np.issubdtype(space.dtype, np.integer)

    def encode(self, observation: np.ndarray) -> np.ndarray:
        """[observation_size] as observed -> float32 as the networks see it."""
        return (observation - self._mean).astype(np.float32) / self._stddev

    def act(
        self, observation: np.ndarray, noise: np.ndarray, mask: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Takes one action.

        Args:
          observation: [observation_size] as the networks see it.
          noise: [action_size] what is added to the mean, or to the logits.
          mask: [last hidden layer's width] what its units are multiplied by (dropout).

        Returns:
          The action [action_size] as the networks see it, not within the environment's bounds,
          and the environment's.
        """
        features = observation
        for matrix, bias in self._hidden:
            features = np.maximum(features @ matrix + bias, 0.0)
        matrix, bias = self._last
        action = (features * mask) @ matrix + bias + noise
        if self._discrete:
            index = int(action.argmax())
            return self._one_hot[index], self._space.start + index
        executed = action * self._action_stddev + self._action_mean
        if self._rounded:
            executed = np.rint(executed)
        executed = np.minimum(np.maximum(executed, self._space.low), self._space.high)
        return action, executed.astype(self._space.dtype)


def fetch(layers: list[keras.layers.Dense]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernels and biases of layers."""
    return [(values[0], values[1]) for values in (layer.get_weights() for layer in layers)]
