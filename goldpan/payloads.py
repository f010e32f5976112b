"""A contact's values as one canonical JSON text, as the confirmed state keeps them: of one contact, or column-wise."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()
"""What texts are in every column here: 32-bit offsets end at 2 GiB, which a few million payloads reach."""

_ESCAPED = r'[\x00-\x1f"\\]'
"""What `json.dumps` writes otherwise where it leaves what isn't ASCII as it is."""

Texts = Any
"""An Arrow array of texts without missing ones, plain or as a dictionary; pyarrow has no types."""


def payload_of(values: Mapping[str, str]) -> str:
    """The values of one contact; equal values give equal texts."""
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def payloads_of(columns: Mapping[str, Texts]) -> Texts:
    """The same for many contacts: one text per row, to the byte what :func:`payload_of` makes of that row.

    Args:
        columns: At least one, of one length; by the keys that the texts have for them.
    """
    parts, before = [], "{"
    for key in sorted(columns):
        parts += [pa.scalar(f'{before}"{_as_json(key)}":"', TEXT), _escaped(columns[key])]
        before = '",'
    return pc.binary_join_element_wise(*parts, pa.scalar('"}', TEXT), pa.scalar("", TEXT))


def count_values(payloads: Texts, key: str) -> Counter[str]:
    """How many of the texts hold each value of a key; "" where it is missing."""
    found = pc.struct_field(pc.extract_regex(payloads, rf'[{{,]"{re.escape(key)}":"(?P<value>[^"\\]*)"'), "value")
    counts = count_texts(found.drop_null())
    # Those with an escaped character, and those without the key.
    counts.update(json.loads(odd).get(key, "") for odd in payloads.filter(pc.is_null(found)).to_pylist())
    return counts


def count_texts(texts: Texts) -> Counter[str]:
    """How often each text occurs."""
    counts = pc.value_counts(texts)
    return Counter(dict(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True)))


def hold_values(payloads: Texts, keys: Collection[str]) -> Texts:
    """Which of the texts hold a value that is not "" under any of the keys."""
    # A quote inside a value is escaped, so a key between two bare ones is a key.
    names = "|".join(map(re.escape, keys))
    return pc.match_substring_regex(payloads, rf'"(?:{names})"\s*:\s*"[^"]')


def hold(payloads: Texts, values: Mapping[str, str]) -> Texts:
    """Which of the texts hold all of these values."""
    is_there = pc.is_valid(payloads)
    for key, value in values.items():
        is_there = pc.and_(is_there, pc.match_substring(payloads, f'"{_as_json(key)}":"{_as_json(value)}"'))
    return is_there


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _escaped(texts: Texts) -> Texts:
    if pa.types.is_dictionary(texts.type):
        return _escaped(texts.dictionary).take(texts.indices)
    if not _may_need_escapes(texts):
        return texts
    is_odd = pc.match_substring_regex(texts, _ESCAPED)
    return pc.replace_with_mask(texts, is_odd, pa.array(map(_as_json, texts.filter(is_odd).to_pylist()), TEXT))


def _may_need_escapes(texts: Texts) -> bool:
    """Whether the bytes behind the texts hold any such character; ten times as fast as a look at each text."""
    behind = bytes(texts.buffers()[2] or b"")
    return b'"' in behind or b"\\" in behind or np.frombuffer(behind, np.uint8).min(initial=ord(" ")) < ord(" ")
