"""Which of a table's first rows the fast readers take for the header; the core has the last word."""

from collections.abc import Sequence

from goldpan.columns import normalised_header


def header_among(rows: Sequence[Sequence[str]], known_headers: frozenset[str]) -> int | None:
    """The row with the most known headers, the first of several; `None` if no row has any."""
    known = [sum(normalised_header(cell) in known_headers for cell in row) for row in rows]
    return known.index(max(known)) if any(known) else None
