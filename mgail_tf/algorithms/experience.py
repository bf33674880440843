"""How what an environment gave becomes experience that networks learn from."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from mgail_tf.networks.encoding import ObservationEncoder

Steps = TypeVar("Steps", bound=Any)


class Buffer(Protocol):
    """What all experience buffers have in common; `data.replay.Replay` is one."""

    def push(self, steps: Any, /) -> None: ...
    def rescale(self, factor: Any, /) -> None: ...


def remember(
    buffer: Buffer, steps: Steps, observations: ObservationEncoder, encode: Callable[[Steps], Steps]
) -> None:
    """Puts steps into a buffer, as networks see them.

    If they show how far a component goes that the demonstrations leave constant, the component gets
    another scale first, and what the buffer already holds is brought to it.

    Args:
      buffer: what they are put into.
      steps: a tuple with `next_observation` [..., observation_size], as the environment gave them.
      observations: the encoder of observations.
      encode: -> the steps as networks see them.
    """
    if observations.constant.any():
        buffer.rescale(observations.widen(steps.next_observation))
    buffer.push(encode(steps))
