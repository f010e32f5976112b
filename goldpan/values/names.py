"""Names as keys: what makes two spellings the same name (RULES section 3)."""

import re
import unicodedata

import pandas as pd

from goldpan.values.reading import TEXT, read_column

_BLANKS = re.compile(r"\s+")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


def key_of_name(name: str) -> str:
    """NFC, case-folded, blanks collapsed; accents are kept."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.translate(_INVISIBLE)).casefold())
    return _BLANKS.sub(" ", folded).strip()


def read_name_keys(names: "pd.Series[str]") -> "pd.Series[str]":
    """The key of each name (dtype ``str``; missing where the name is)."""
    keys = read_column(names, lambda name: (key_of_name(name) if isinstance(name, str) else None,), {"key": TEXT})
    return keys["key"]
