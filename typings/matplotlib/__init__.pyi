# Not installed where types are checked; it counts as untyped.
from typing import Any

def __getattr__(name: str) -> Any: ...
