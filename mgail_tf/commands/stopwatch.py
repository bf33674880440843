"""Measures from outside how long methods of some objects take."""

from collections import Counter, defaultdict
import time
from typing import Any


class Stopwatch:
    """Adds up the seconds of calls.

    Attributes:
      seconds: so far, by what they are counted as.
      calls: their numbers, by the method's name.
      last_arguments: what each method was called with last, by its name.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.last_arguments: dict[str, tuple[Any, ...]] = {}

    def watch(self, owner: Any, method: str, name: str, first: str | None = None) -> None:
        """Measures a method of one object from now on.

        Args:
          owner: the object; others of its class are not measured.
          method: the method's name.
          name: what its seconds are counted as.
          first: what the first call is counted as, if something else; it may trace a graph.
        """
        function = getattr(owner, method)

        def measured(*arguments: Any) -> Any:
            counted_as = name if self.calls[method] or first is None else first
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds[counted_as] += time.perf_counter() - began
                self.calls[method] += 1
                self.last_arguments[method] = arguments

        setattr(owner, method, measured)
