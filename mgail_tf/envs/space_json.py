"""Spaces as JSON, with everything that makes them: order of names, types, bounds."""

from collections import OrderedDict
from typing import Any

import gymnasium
from gymnasium import spaces
import numpy as np


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
        return {"MultiBinary": space.n}
    if isinstance(space, spaces.Box):
        bounds = {"low": space.low, "high": space.high}
        finite = {name: _bounds(values) for name, values in bounds.items()}
        return {"Box": {"shape": list(space.shape), "dtype": str(space.dtype), **finite}}
    raise TypeError(f"{space} has no JSON")


def from_json(values: dict[str, Any]) -> gymnasium.Space:
    """The space that `to_json` made these values of."""
    [(kind, content)] = values.items()
    if kind == "Dict":
        parts = OrderedDict((name, from_json(part)) for name, part in content.items())
        return spaces.Dict(parts)
    if kind == "Tuple":
        return spaces.Tuple([from_json(part) for part in content])
    if kind == "Discrete":
        return spaces.Discrete(content["n"], start=content["start"])
    if kind == "MultiDiscrete":
        return spaces.MultiDiscrete(np.array(content["nvec"]), start=np.array(content["start"]))
    if kind == "MultiBinary":
        return spaces.MultiBinary(content)
    shape, dtype = content["shape"], np.dtype(content["dtype"])
    low, high = (
        np.array([dtype.type(bound) for bound in content[name]], dtype).reshape(shape)
        for name in ("low", "high")
    )
    return spaces.Box(low, high, tuple(shape), dtype.type)


def _bounds(values: np.ndarray) -> list[Any]:
    return [bound if np.isfinite(bound) else str(bound) for bound in values.ravel().tolist()]
