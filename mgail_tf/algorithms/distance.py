"""How far episodes are from the demonstrations, and when that is as close as any."""

from typing import NamedTuple

# Distances differ by this factor by chance alone, because an evaluation has few episodes. Their
# lengths differ less: where none of them ends early, one that does is no chance.
AS_CLOSE, AS_LONG = 1.25, 0.005


class Distance(NamedTuple):
    """How far evaluated episodes are from the demonstrations.

    Attributes:
      whole: `imitation_distance`, in any unit.
      of_lengths: by how much they are shorter or longer, as a part of the demonstrations' length.
    """

    whole: float
    of_lengths: float

    def is_as_close_as(self, smallest: "Distance") -> bool:
        """Whether nobody can tell from a few episodes that it is not the smallest."""
        as_long = self.of_lengths <= smallest.of_lengths + AS_LONG
        return as_long and self.whole <= AS_CLOSE * smallest.whole
