"""Makes the profiles of hypothesis known before one of them is asked for, and the usual one the one that holds."""

from tests import drawing  # noqa: F401 - it registers them
