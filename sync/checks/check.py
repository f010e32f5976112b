"""One thing that was looked at, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import GoldpanError

INDENT = "\n" + " " * 18
"""Further lines stand below the first."""


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, whether it is fine, and what to know or do.

    Attributes:
        name: What was looked at, in a word or two.
        is_ok: Whether it is as it should be.
        says: What to know, or what to do.
        exit_code: How `goldpan check` ends if it isn't; 0 for what no run needs.
    """

    name: str
    is_ok: bool
    says: str
    exit_code: int = 2


def attempt(name: str, look: Callable[[], str]) -> Check:
    """What looking at something says, or the error it ended with."""
    try:
        return Check(name, True, look())
    except GoldpanError as error:
        return Check(name, False, str(error).replace("\n", INDENT), error.exit_code)
    except (OSError, SQLAlchemyError) as error:
        return Check(name, False, str(error), 1)


def advice(name: str, problem: str, otherwise: str) -> Check:
    """Something to mend that stops no run, or that all is well."""
    return Check(name, not problem, problem or otherwise, exit_code=0)
