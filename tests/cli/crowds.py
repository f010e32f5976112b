"""Exports of some hundred members, of whom so many change."""

from collections.abc import Callable, Mapping

from tests.cli.installation import Row, member, order

COUNT = 400
FAR, SOON, PAST = "2027-06-01", "2026-12-01", "2026-11-01"
"""When a membership ends, seen from ``AS_OF``: neither of the first two has ended or ends soon."""
MANY = 240
"""60 % of the members: far beyond any limit."""

Cell = str | Callable[[int], str]


def address(number: int) -> str:
    """The address of a member."""
    return f"m{number:03}@example.org"


def members(count: int = COUNT, first: Mapping[str, tuple[int, str]] | None = None, **cells: str) -> list[Row]:
    """So many members, all alike.

    Args:
        count: How many.
        first: Cells that only the first so many have, by header.
        cells: ``purchase`` and ``end`` of everybody.
    """
    end, purchase = cells.get("end", FAR), cells.get("purchase", "Phone")
    rows = [
        {**member(number, f"Member {number}", address(number), "2026-01-02", end, purchase=purchase),
         "Membership": "Gold"}
        for number in range(count)
    ]  # fmt: skip
    for header, (how_many, value) in (first or {}).items():
        rows[:how_many] = [{**row, header: value.format(number)} for number, row in enumerate(rows[:how_many])]
    return rows


def orders(count: int = 100, amount: str = "10", **last: str) -> list[Row]:
    """So many orders of the same amount, the last one of another."""
    rows = [order(number, number, amount) for number in range(count)]
    return [*rows[:-1], {**rows[-1], "Total Value": last.get("last", amount)}]
