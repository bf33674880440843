"""What is the user's to mend, or to look at."""


class UserError(Exception):
    """Bad input. Its message is one line: what is wrong, and what to do about it."""


class EnvironmentFailed(UserError):
    """An environment did not do what it should; a run that it ends keeps its work."""


class DataWarning(UserWarning):
    """Input that can be used, and may be wrong. Its message is one line, as `UserError`'s is."""
