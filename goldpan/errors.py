"""The errors of Goldpan, grouped by what happens next.

Each message says where, what was found, what was expected and what to do now. A problem with one row is never an
exception: it is a :class:`goldpan.model.Finding`. A record that HubSpot refuses is an ``Outcome``.
"""

from collections.abc import Sequence


class GoldpanError(Exception):
    """Anything Goldpan says on purpose; the command line prints it without a traceback."""

    exit_code = 1


class ConfigError(GoldpanError):
    """A person edits a setting, the config folder or the command; nothing has run yet."""

    exit_code = 2

    @classmethod
    def of(cls, problems: Sequence[str]) -> "ConfigError":
        """All problems at once, one a line."""
        return cls("\n".join(problems))


class DataError(GoldpanError):
    """This export is refused whole and set aside; other exports go on.

    Attributes:
        reason: The stable reason code, such as ``missing_columns`` or ``empty_export``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TransientError(GoldpanError):
    """HubSpot or the network is unwell; trying again later may work.

    Attributes:
        retry_after_seconds: How long to wait at least, when the other side said so.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class BatchRefusedError(GoldpanError):
    """The destination refused a whole request because of some record in it; send halves."""


class UnsafePlanError(GoldpanError):
    """A person has to approve first; nothing was written."""

    exit_code = 3


class BusyError(GoldpanError):
    """Another run is going on."""

    exit_code = 5


class FatalError(GoldpanError):
    """The run stops here: the token, the portal or its properties need a person."""


class StoppedError(FatalError):
    """The process was told to end; what was under way is on record, and the next run goes on."""


class SchemaError(FatalError):
    """HubSpot lacks a property or an option that the run needs, or has one that does not fit."""

    exit_code = 2


class AccessError(FatalError):
    """The token is missing, wrong or lacks a scope."""

    exit_code = 2
