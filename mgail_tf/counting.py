"""Numbers in sentences."""


def count(number: int, what: str) -> str:
    """A number and what it counts, as in "1 episode" and "2 episodes"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
