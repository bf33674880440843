"""The one kind of error that is the user's to mend."""


class UserError(Exception):
    """Bad input. Its message is one line: what is wrong, and what to do about it."""
