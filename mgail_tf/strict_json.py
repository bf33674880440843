"""JSON as its standard has it: no NaN and no infinity, which other languages refuse to read."""

import json
import math
from typing import Any

import numpy as np


def dumps(value: Any, indent: int | None = None) -> str:
    """Returns a value as JSON; numbers that are not finite are null, like all that is not known.

    Args:
      value: dicts, lists, tuples, strings, numbers (NumPy's too), truth values, None.
      indent: as of `json.dumps`.
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, np.ndarray | np.generic):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
