# Only GAIL and the training of experts need this library; types are checked without it.
from typing import Any

def __getattr__(name: str) -> Any: ...
