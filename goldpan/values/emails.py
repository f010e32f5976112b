"""E-mail addresses as they are found in exports (RULES section 1, *email*)."""

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.model import Cell
from goldpan.values.reading import TEXT, or_false, read_column
from goldpan.values.texts import BLANKS, text_of

_ATEXT = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_VALID = re.compile(
    rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@)(?![=+-]){_ATEXT}+(?:\.{_ATEXT}+)*@(?:{_LABEL}\.)+[a-z]{{2,}}", re.ASCII
)
"""RFC 5322 dot-atom local part up to 64, host name of letter-digit-hyphen labels, up to 254 in all (RFC 5321 4.5.3)."""

# Letters of both cases spelled out: without regard to case, the Kelvin sign would be a k.
_PLAIN = r"\A[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,}\z"
_PLAIN_BYTES = 64
"""The most that the part before the @ may have, so that no longer limit needs a look."""

_IN_BRACKETS = re.compile(r"<([^<>@]*@[^<>@]*)>")
_INVISIBLE = dict.fromkeys(map(ord, "\xa0\u200b\u200c\u200d\u2060\ufeff"))
_BETWEEN = re.compile(rf"[;,{re.escape(BLANKS)}]+")


def is_valid_email(text: str) -> bool:
    """Whether a lower-case text is an address that Goldpan sends to."""
    return _VALID.fullmatch(text) is not None


def read_email(cell: Cell) -> tuple[str | None, str | None]:
    """One cell's address and a reason: ``no_email``, ``invalid_email``, or ``several_emails`` with the first valid."""
    text = text_of(cell)
    if text is None:
        return None, "no_email"
    text = text.translate(_INVISIBLE)
    is_bracketed = _IN_BRACKETS.search(text) is not None
    parts = [part for part in _BETWEEN.split(_IN_BRACKETS.sub(r" \1 ", text)) if part]
    # lower() would turn the Kelvin sign into an ASCII k: what is not ASCII stays as it is, and is invalid.
    addresses = [_bare(part) for part in parts if "@" in part]
    if len(addresses) == 1 and len(parts) > 1 and not is_bracketed:
        return None, "invalid_email"  # "jane doe@x.com" is a slip for somebody, perhaps not for doe@x.com
    address = next(filter(is_valid_email, addresses), None)
    if address is None:
        return None, "invalid_email"
    return address, "several_emails" if len(addresses) > 1 else None


def _bare(part: str) -> str:
    return part.lower().removeprefix("mailto:") if part.isascii() else part


def read_emails(cells: "pd.Series[Any]") -> pd.DataFrame:
    """A column of addresses.

    Returns:
        All ``str``: ``value`` (the valid address, lower-case, or missing) and ``reason``.
    """
    return read_column(cells, read_email, {"value": TEXT, "reason": TEXT}, _plain)


def _plain(texts: pa.Array) -> tuple[pa.Array, list[pa.Array]]:
    """One usual address and nothing else."""
    is_short = pc.less_equal(pc.binary_length(texts), _PLAIN_BYTES)
    is_plain = or_false(pc.and_(is_short, pc.match_substring_regex(texts, _PLAIN)))
    return is_plain, [pc.ascii_lower(texts), pa.nulls(len(texts), TEXT)]
