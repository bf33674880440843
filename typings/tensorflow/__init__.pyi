# TensorFlow has no types of its own. The stubs that type checkers bring along know a part of it
# only, and call ordinary code wrong: f(0) for a variable, 2.0 ** tensor, tensor[..., None]. So
# TensorFlow counts as untyped; everything around it is checked.
from typing import Any, TypeAlias

Tensor: TypeAlias = Any

def __getattr__(name: str) -> Any: ...
