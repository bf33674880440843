"""What is the user's to mend, or to look at."""


class UserError(Exception):
    """Bad input. Its message is one line: what is wrong, and what to do about it.

    Attributes:
      status: what a program exits with.
    """

    status = 2


class EnvironmentFailed(UserError):
    """An environment did not do what it should; a run that it ends keeps its work."""


class NotWritten(UserError):
    """The disk is full, or cannot be written for another reason; what was there before still is."""


class Diverged(UserError):
    """Learning has led to numbers that are not finite; what was saved before is good."""

    status = 3


def describe(error: BaseException) -> str:
    """Returns an error's kind and message; other people's may fail to say what they are."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def printable(message: str) -> str:
    """Returns a message without what a terminal would obey; a name in a file may have it."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in message)


class DataWarning(UserWarning):
    """Input that can be used, and may be wrong. Its message is one line, as `UserError`'s is."""
