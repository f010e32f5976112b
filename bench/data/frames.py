"""Members and orders as a business system exports them, drawn by lot with a fixed seed; odd cells of every kind.

Every cell is what the export shows: ids with leading zeros, dates, amounts; now and then a slip. Most customers have
one membership; one row in eight is a further term of one who has: renewed in time, renewed late, or overlapping.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

SEED = 20261120
FIRST_DAY = np.datetime64("2023-01-01")
DAYS = 1_400
"""Terms begin, and orders are made, on that many days from then on."""
FURTHER_TERMS = 0.12
FIRST_NAMES = (
    "Ada",
    "Bo",
    "Chloé",
    "Dr. Emil",
    "Fatima",
    "Grete",
    "Hana",
    "Ivo",
    "Jack",
    "Prof. Kim",
    "Łucja",
    "Ms. Mo",
)
LAST_NAMES = ("Smith", "Nguyen", "O'Neill", "García", "van Dyk", "Müller", "Okafor", "Rossi", "Smith-Jones", "Ito")

ODD_IDS = (None, "#N/A", "1.23457E+15", 77.0, "A-1029", "  0000123 ", "000")
ODD_EMAILS = ("n/a", "jane.example.com", "info@shop", "a@x.example.com; b@x.example.com", "mailto:Max@Post.example.org",
              "Zoë Ltd <zoe@example.org>", "someone@mail.con", "#REF!")  # fmt: skip
ODD_DATES = (None, date(1905, 3, 14))
TEXT_DATES = ("03/14/2025", "14-Mar-2025", "20250314", 45730.0, "soon", "31/12/2025", "0000-00-00", "2025-03-14 09:30")
ODD_AMOUNTS = ("$1,200.50", "(12.00)", "12.00-", "USD 12", "1e3", "12,50", None, "#VALUE!")


def draw_members(count: int, *, has_text_dates: bool = False) -> pd.DataFrame:
    """The memberships export: 20 columns, so many rows."""
    rng = np.random.default_rng(SEED)
    customers = customers_of(count)
    owner = np.concatenate([np.arange(customers), rng.integers(0, customers, count - customers)])
    begin = FIRST_DAY + rng.integers(0, DAYS, count)
    begin[customers:] = begin[owner[customers:]] + 365 + rng.integers(-30, 60, count - customers)
    order = rng.permutation(count)
    owner, begin = owner[order], begin[order]
    frame = pd.DataFrame(
        {
            "Cust ID": _numbered(owner, "07"),
            "Customer Name": _names(owner),
            "Contact Email": _emails(owner),
            "Created Date": _days(begin),
            "Start Date": _days(begin + rng.integers(0, 3, count)),
            "Expiration Date": _days(begin + 365),
            "Original Pu": rng.choice(["HFO Web", "HFO Phone", None], count, p=[0.25, 0.1, 0.65]),
            "Membership": rng.choice(["Gold", "Silver", "Bronze"], count),
            "Street": np.char.add(_text(owner % 9_999), " Main Street").astype(object),
            "City": rng.choice(["Chicago", "Boston", "Austin", "Denver", "Seattle"], count),
            "State": rng.choice(["IL", "MA", "TX", "CO", "WA"], count),
            "Zip": _numbered(rng.integers(0, 99_999, count), "05"),
            "Phone": np.char.add("312-555-", _text(1_000 + owner % 9_000)).astype(object),
            "Fee": np.round(rng.uniform(10, 500, count), 2),
            "Points": rng.integers(0, 10_000, count),
            "Auto Renew": rng.choice(["Yes", "No"], count),
            "Sales Rep": np.char.add("Rep ", _text(rng.integers(0, 200, count))).astype(object),
            "Region": rng.choice(["North", "South", "East", "West"], count),
            "Notes": rng.choice(["call back in the autumn", "=paid?", None], count, p=[0.09, 0.01, 0.9]),
            "Last Visit": _days(begin + rng.integers(0, 300, count)),
        }
    ).astype(object)
    _sprinkle(frame, "Contact Email", 0.05, [None], rng)
    _sprinkle(frame, "Contact Email", 0.004, ODD_EMAILS, rng)
    _sprinkle(frame, "Cust ID", 0.001, ODD_IDS, rng)
    _sprinkle(frame, "Customer Name", 0.002, [None], rng)
    for column in ("Created Date", "Start Date", "Expiration Date", "Last Visit"):
        _sprinkle(frame, column, 0.001, ODD_DATES + TEXT_DATES * has_text_dates, rng)
    frame.loc[rng.integers(0, count, max(1, count // 5_000))] = None  # blank rows
    return frame


def draw_orders(count: int, members: int, *, has_text_dates: bool = False) -> pd.DataFrame:
    """The orders export: 6 columns, so many rows and one that adds them up; one buyer in thirteen is no member."""
    rng = np.random.default_rng(SEED + 1)
    buyer = rng.integers(0, customers_of(members) * 13 // 12 + 1, count)
    frame = pd.DataFrame(
        {
            "Sales Doc": _numbered(10_000_000 + np.arange(count), ""),
            "SAP ID": _numbered(buyer, "07"),
            "Order Date": _days(FIRST_DAY + rng.integers(0, DAYS, count)),
            "Total Value": np.round(rng.uniform(5, 400, count), 2),
            "Customer Name": _names(buyer),
            "Product": rng.choice(["Oil", "Gas", "Card", "Fee"], count),
        }
    ).astype(object)
    _sprinkle(frame, "SAP ID", 0.001, ODD_IDS, rng)
    _sprinkle(frame, "Order Date", 0.001, ODD_DATES + TEXT_DATES * has_text_dates, rng)
    _sprinkle(frame, "Total Value", 0.001, ODD_AMOUNTS, rng)
    _sprinkle(frame, "Total Value", 0.01, [-25.5, -9.99], rng)
    stands, again = rng.choice(count, (2, max(1, count // 500)), replace=False)
    frame.iloc[again] = frame.iloc[stands].to_numpy()  # repeated orders, anywhere in the file
    totals = {"Sales Doc": "Total", "Total Value": float(pd.to_numeric(frame["Total Value"], "coerce").sum())}
    return pd.concat([frame, pd.DataFrame([totals], dtype=object)], ignore_index=True)


def live_through_a_night(
    members: pd.DataFrame, orders: pd.DataFrame, changed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same a day later: so many contacts differ, one in twenty of them new, and the orders have some more rows.

    Half of the others have another name and half of them ordered something.
    """
    rng = np.random.default_rng(SEED + 2)
    email = members["Contact Email"].astype("str")
    is_plain = email.str.startswith("Member.") & ~email.duplicated(keep=False)
    is_plain &= ~members["Cust ID"].duplicated(keep=False) & members["Expiration Date"].map(_is_day)
    new = changed // 20
    known = rng.choice(np.flatnonzero(is_plain), changed - new, replace=False)
    named, buying = known[: len(known) // 2], known[len(known) // 2 :]
    members = members.copy()
    members.loc[named, "Customer Name"] = members.loc[named, "Customer Name"].fillna("") + " Ltd"
    joined = members.loc[rng.choice(known, new)].copy()
    joined["Cust ID"] = [f"9{number:06}" for number in range(new)]
    joined["Contact Email"] = [f"Newcomer.{number}@Example.com" for number in range(new)]
    bought = orders.iloc[: len(buying)].copy()
    bought["Sales Doc"] = [f"{30_000_000 + number}" for number in range(len(buying))]
    bought["SAP ID"], bought["Total Value"] = members.loc[buying, "Cust ID"].to_numpy(), 4.25
    totals = orders.iloc[[-1]]
    return pd.concat([members, joined]), pd.concat([orders.iloc[:-1], bought, totals])


def customers_of(members: int) -> int:
    """How many customers so many membership rows are of."""
    return members - int(members * FURTHER_TERMS)


def _is_day(cell: object) -> bool:
    return isinstance(cell, date) and cell.year > 2000


def _text(numbers: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return numbers.astype(str)


def _numbered(numbers: "np.ndarray[tuple[int], np.dtype[np.int64]]", width: str) -> list[str]:
    return [format(number, width) for number in numbers.tolist()]


def _names(owner: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[str]:
    first, last = len(FIRST_NAMES), len(LAST_NAMES)
    return [f"{FIRST_NAMES[one % first]} {LAST_NAMES[one // first % last]} {one}" for one in owner.tolist()]


def _emails(owner: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[str]:
    """One customer in a hundred shares the address of the one before."""
    return [f"Member.{one - (one % 100 == 1)}@Example.com" for one in owner.tolist()]


def _days(moments: "np.ndarray[tuple[int], np.dtype[np.datetime64]]") -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    return moments.astype("datetime64[D]").astype(object)


def _sprinkle(frame: pd.DataFrame, column: str, share: float, odd: Sequence[object], rng: np.random.Generator) -> None:
    """Odd cells in so many rows of a column, each kind in turn."""
    rows = rng.choice(len(frame), max(len(odd), int(len(frame) * share)), replace=False)
    cells = np.empty(len(rows), dtype=object)
    cells[:] = [odd[place % len(odd)] for place in range(len(rows))]
    frame.loc[rows, column] = cells
