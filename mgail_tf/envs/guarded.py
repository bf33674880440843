"""The wrapper around every environment: what comes back is sound, or one line says why not.

Environments are other people's programs. Some write into the action that they are given, some
return the same array at every step and change it later, some return what their own spaces do not
allow. Each of these would corrupt what is learned without a word.
"""

from collections.abc import Callable, Mapping
import contextlib
import copy
from typing import Any

import gymnasium
from gymnasium import spaces
import numpy as np

from mgail_tf.errors import EnvironmentFailed, describe


class Guarded(gymnasium.Wrapper):
    """Hands out copies of actions, and takes copies of observations that are of their space.

    Observations that are not finite pass, because whoever steps the environment can go on with
    another episode.

    Args:
      env: any environment.
      name: what messages call it.

    Raises:
      EnvironmentFailed: by `reset` and `step`: the environment raised an error, or what it returned
        is not of its spaces. The message tells environment, episode and step.
    """

    def __init__(self, env: gymnasium.Env, name: str):
        super().__init__(env)
        self._name, self._episode, self._steps, self._seed = name, 0, 0, None

    @property
    def spec(self) -> Any:
        """The environment's own: a dataset that names it must not depend on this package."""
        return self.env.spec

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        self._episode, self._steps, self._seed = self._episode + 1, 0, seed
        result = self._call("reset", lambda: self.env.reset(seed=seed, options=options))
        if not isinstance(result, tuple) or len(result) != 2:
            self._fail(f"reset returned {_describe(result)}; it must be (observation, info)")
        return self._observation(result[0]), result[1]

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        result = self._call("step", lambda: self.env.step(copy.deepcopy(action)))
        if not isinstance(result, tuple) or len(result) != 5:
            self._fail(
                f"step returned {_describe(result)}; "
                "it must be (observation, reward, terminated, truncated, info)"
            )
        observation, reward, terminated, truncated, info = result
        return (
            self._observation(observation),
            float(self._number(reward, "reward", "biuf")),
            bool(self._number(terminated, "terminated", "biu")),
            bool(self._number(truncated, "truncated", "biu")),
            info,
        )

    def close(self) -> None:
        # Nothing depends on it any more, and after an error it would hide that error.
        with contextlib.suppress(Exception):
            self.env.close()

    def _call(self, method: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # Whatever it raises, it is at fault.
            self._fail(f"{method} raised {describe(error)}", error)

    def _fail(self, what: str, cause: BaseException | None = None) -> Any:
        what = " ".join(what.split())  # Errors of others may have several lines.
        seed = "" if self._seed is None else f" (reset with seed {self._seed})"
        raise EnvironmentFailed(
            f"environment {self._name}, episode {self._episode}{seed}, step {self._steps}: {what}"
        ) from cause

    def _observation(self, observation: Any) -> Any:
        try:
            return _copy_of(self.env.observation_space, observation)
        except ValueError as error:
            self._fail(f"its observation{error}")

    def _number(self, value: Any, what: str, kinds: str) -> Any:
        """A number that may also come as an array of one."""
        if type(value) in (float, bool):
            return value
        array = np.asarray(value)
        if array.size != 1 or array.dtype.kind not in kinds:
            self._fail(f"its {what} is {_describe(value)}; it must be a number")
        return array.item()


def _copy_of(space: gymnasium.Space, value: Any) -> Any:
    """A copy of an observation, in the form of its space.

    Floating-point numbers keep their own type.

    Raises:
      ValueError: it is not of the space; the message goes on after "its observation".
    """
    if isinstance(space, spaces.Box):
        return _copy_of_array(space, value)
    if isinstance(space, spaces.Dict):
        if not isinstance(value, Mapping) or value.keys() != space.spaces.keys():
            raise ValueError(f" is {_describe(value)}, but its space has {', '.join(space)}")
        return {name: _copy_of_part(part, value[name], name) for name, part in space.items()}
    if isinstance(space, spaces.Tuple):
        if not isinstance(value, tuple | list) or len(value) != len(space):
            raise ValueError(f" is {_describe(value)}, but its space has {len(space)} parts")
        parts = zip(space, value, strict=True)
        return tuple(_copy_of_part(*part, index) for index, part in enumerate(parts))
    if not space.contains(value):
        raise ValueError(f" is {_describe(value)}, which is not in {space}")
    return copy.deepcopy(value)


def _copy_of_part(space: gymnasium.Space, value: Any, name: object) -> Any:
    try:
        return _copy_of(space, value)
    except ValueError as error:
        raise ValueError(f"[{name!r}]{error}") from error


def _copy_of_array(space: spaces.Box, value: Any) -> np.ndarray:
    try:
        array = np.array(value)
    except Exception as error:  # Lists of different lengths, tensors of another library, ...
        raise ValueError(f" is {_describe(value)}, not an array of numbers") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f" is {_describe(value)}, not an array of numbers")
    if array.shape != space.shape:
        raise ValueError(f" is of shape {array.shape}, but its space is of {space.shape}")
    both_float = array.dtype.kind == np.dtype(space.dtype).kind == "f"
    if array.dtype == space.dtype or both_float:
        return array
    with np.errstate(invalid="ignore"):
        cast = array.astype(space.dtype)
    if (cast != array).any():
        example = array[cast != array][0]
        raise ValueError(
            f" has {example} ({array.dtype}), which its space of {space.dtype} cannot hold; "
            "declare the type that it returns"
        )
    return cast


def _describe(value: Any) -> str:
    """What a message calls something that should not be there."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} and of shape {value.shape}"
    if isinstance(value, Mapping):
        return f"a dict of {', '.join(map(str, value)) or 'nothing'}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) < 40 else f"a {type(value).__name__}"
