"""How far episodes are from the demonstrations, and when that is as close as any."""

from typing import NamedTuple

# Distances differ by this factor by chance alone, because an evaluation has few episodes. Their
# lengths differ less: where none of them ends early, one that does is no chance.
AS_CLOSE, AS_LONG = 1.25, 0.005
# So small a difference tells nothing of policies, whatever the factor: those that have the expert's
# return differ by up to 0.015, and those that fall are farther by 0.06 or more.
ALIKE = 0.02


class Distance(NamedTuple):
    """How far evaluated episodes are from the demonstrations.

    Attributes:
      whole: `imitation_distance`, as a part of a random policy's.
      of_lengths: by how much they are shorter or longer, as a part of the demonstrations' length.
    """

    whole: float
    of_lengths: float

    def is_as_close_as(self, smallest: "Distance") -> bool:
        """Whether nobody can tell from a few episodes that it is not the smallest."""
        as_long = self.of_lengths <= smallest.of_lengths + AS_LONG
        return as_long and not self.exceeds(smallest, AS_CLOSE)

    def exceeds(self, smallest: "Distance", factor: float) -> bool:
        """Whether it is more than `factor` times the smallest, and not nearly the same."""
        return self.whole > max(factor * smallest.whole, smallest.whole + ALIKE)
