"""Makes the profiles of hypothesis known before one of them is asked for."""

from tests import drawing  # noqa: F401 - it registers them
