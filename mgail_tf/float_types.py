"""Which float type numbers are calculated in, so that none of them is rounded on its way."""

from typing import Any

import numpy as np


def float_type(dtype: Any) -> np.dtype:
    """Returns the float type for observations or actions of a space's type.

    It is float32 where that holds all of the type's numbers, otherwise float64.
    """
    holds = np.result_type(dtype, np.float32) == np.float32
    return np.dtype(np.float32 if holds else np.float64)
