"""A service's loop, for who asks how it is."""


class Loop:
    """How the service's loop is, as a test sets it."""

    trouble = ""
    age_seconds = 1.5
    is_stopping = False
