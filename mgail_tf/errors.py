"""The errors that are the user's to mend."""


class UserError(Exception):
    """Bad input. Its message is one line: what is wrong, and what to do about it."""


class EnvironmentFailed(UserError):
    """An environment did not do what it should; a run that it ends keeps its work."""
