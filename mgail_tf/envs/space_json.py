"""Spaces as JSON, with everything that makes them: order of names, types, bounds."""

from collections import OrderedDict
from typing import Any

import gymnasium
from gymnasium import spaces
import numpy as np

from mgail_tf import strict_json


def to_json(space: gymnasium.Space) -> dict[str, Any]:
    """A space as values that JSON has; infinite bounds are "inf" and "-inf".

    Raises:
      TypeError: of spaces that no observation or action may have.
    """
    if isinstance(space, spaces.Dict):
        return {"Dict": {name: to_json(part) for name, part in space.items()}}
    if isinstance(space, spaces.Tuple):
        return {"Tuple": [to_json(part) for part in space]}
    if isinstance(space, spaces.Discrete):
        return {"Discrete": {"n": int(space.n), "start": int(space.start)}}
    if isinstance(space, spaces.MultiDiscrete):
        return {"MultiDiscrete": {"nvec": space.nvec.tolist(), "start": space.start.tolist()}}
    if isinstance(space, spaces.MultiBinary):
        return {"MultiBinary": space.n if isinstance(space.n, int) else list(space.shape)}
    if isinstance(space, spaces.Box):
        bounds = {"low": space.low, "high": space.high}
        finite = {name: _bounds(values) for name, values in bounds.items()}
        return {"Box": {"shape": list(space.shape), "dtype": str(space.dtype), **finite}}
    raise TypeError(f"{space} has no JSON")


# What `to_json` writes of each kind of space.
FORMS = {
    "Dict": dict,
    "Tuple": list,
    "Discrete": {"n": int, "start": int},
    "MultiDiscrete": {"nvec": list, "start": list},
    "MultiBinary": int | list,
    "Box": {"shape": [int], "dtype": str, "low": [float | int | str], "high": [float | int | str]},
}


def from_json(values: Any) -> gymnasium.Space:
    """The space that `to_json` made these values of.

    Raises:
      ValueError: it has made no such values.
    """
    kinds = list(values) if isinstance(values, dict) else []
    if len(kinds) != 1 or kinds[0] not in FORMS:
        raise ValueError(f"a space is one of {', '.join(FORMS)}")
    [(kind, content)] = values.items()
    strict_json.check(content, FORMS[kind], kind)
    try:
        return _space(kind, content)
    except (AssertionError, TypeError, OverflowError) as error:  # As gymnasium refuses a space.
        raise ValueError(f"there is no such {kind} ({error})") from error


def _space(kind: str, content: Any) -> gymnasium.Space:
    if kind == "Dict":
        parts = OrderedDict((name, from_json(part)) for name, part in content.items())
        return spaces.Dict(parts)
    if kind == "Tuple":
        return spaces.Tuple([from_json(part) for part in content])
    if kind == "Discrete":
        return spaces.Discrete(content["n"], start=content["start"])
    if kind == "MultiDiscrete":
        return spaces.MultiDiscrete(_whole(content["nvec"]), start=_whole(content["start"]))
    if kind == "MultiBinary":
        sizes = _whole(content)
        return spaces.MultiBinary(sizes if sizes.ndim else int(sizes))
    shape, dtype = content["shape"], np.dtype(content["dtype"])
    if dtype.kind not in "biuf":
        raise ValueError(f"numbers are not of type {dtype}")
    low, high = (
        np.array([dtype.type(bound) for bound in content[name]], dtype).reshape(shape)
        for name in ("low", "high")
    )
    return spaces.Box(low, high, tuple(shape), dtype.type)


def _whole(values: Any) -> np.ndarray:
    array = np.array(values)
    if array.dtype.kind != "i":
        raise ValueError("its numbers are not whole")
    return array


def _bounds(values: np.ndarray) -> list[Any]:
    return [bound if np.isfinite(bound) else str(bound) for bound in values.ravel().tolist()]
