"""Membership and order exports for hypothesis: small pools, so that people collide and every boundary is met.

``exports()`` draws both files and knows nothing of the rules beyond where their edges lie;
``tests/reference/test_strategies_hit_boundaries.py`` shows that each edge really occurs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from goldpan.model import CellError
from tests.reference.rows import Row
from tests.reference.values import MONTHS, Cell

AS_OF = date(2026, 11, 20)
FIRST_ROW = 2  # the header is Excel's row 1

# Spellings of five ids and of no id. Each inner list is one customer to the rules.
MEMBER_IDS: Sequence[Sequence[Cell]] = (
    ("501", "00501", "501.0", "'00501", "\u00a0501 ", 501, 501.0, "501.00"),
    ("502", 502, 502.0, "0502"),
    ("000", 0, "0", "'0"),
    ("A7",),
    ("a7",),
    ("1234567890123456",),  # 16 digits as text: exact, so it is an id
)
UNKNOWN_IDS: Sequence[Cell] = ("900", "00900", 900, 900.0, "B-12")
NO_IDS: Sequence[Cell] = (None, "", " \u00a0", "'", 1234567890123456, 1.2e15, "1.2E+15", CellError("#N/A"), "#REF!")

NAMES: Sequence[Sequence[Cell]] = (
    ("Renée Ångström", "Rene\u0301e A\u030angstro\u0308m", "renée  ÅNGSTRÖM", "\u00a0Renée Ångström\u200b"),
    ("Renee Angstrom",),
    ("Weißbräu GmbH", "WEISSBRÄU GMBH"),
    ("Summit Club",),
    ("=HYPERLINK(1)",),
)
NO_NAMES: Sequence[Cell] = (None, "  ", CellError("#NAME?"))

EMAILS: Sequence[Sequence[Cell]] = (
    ("ann@x.com", "ANN@X.com ", "mailto:ann@x.com", "Ann Lee <Ann@x.com>", "\u200bann@x.com\u00a0"),
    ("bob@y.org", "bob@y.org; ann@x.com", "bob@, bob@y.org", "ann@x bob@y.org"),
    ("cy.o'neil@mail.z.net",),
)
INVALID_EMAILS: Sequence[Cell] = (
    *("ann@", "nobody", "ann@x", "-ann@x.com", "a..b@x.com", "änn@x.com", "ann@-x.com", "ann@x.c0m", "a@b@x.com"),
    *("bob@; ann@", 42),
)
NO_EMAILS: Sequence[Cell] = (None, "", "\u200b\u00a0", CellError("#VALUE!"))

UNREADABLE_DATES: Sequence[Cell] = (
    *("soon", "31/31/2026", "02/30/2026", "1949-12-31", "2201-01-01", "12", -1, 20261340, True),
    *(time(10, 30), timedelta(days=3), datetime.combine(date(1949, 12, 31), time(23, 59)), date(2201, 1, 1)),
)
NO_DATES: Sequence[Cell] = (None, " ", CellError("#REF!"), "#N/A")

# What one customer bought, in parts; the sums stand on either side of 1000.
BASKETS: Sequence[Sequence[str]] = (
    ("1000.00",),
    ("1000.01",),
    ("999.99",),
    ("600", "400"),
    ("600", "400.01"),
    ("1200", "-200"),
    ("1200.00", "-199.99"),
    ("999.9", "0.1"),
    ("333.34", "333.33", "333.33"),
    ("999.999999", "0.000001"),
    ("1000.000001",),
    ("1000.0000004",),
    ("0.005", "12.5", "0.0625"),
    ("-50",),
    ("0",),
)
UNREADABLE_AMOUNTS: Sequence[Cell] = ("12,50", "USD 12", "1e3", "abc", "1,20,000", "--5", "$", True, date(2026, 1, 1))
NO_AMOUNTS: Sequence[Cell] = (None, " ", CellError("#DIV/0!"), "#VALUE!")

TOTALS_WORDS = ("Total", "TOTALS:", "Grand total", "sum", "Total: 1,234.50", "Totals 17")
BLANKS: Sequence[Cell] = (None, "", "  ", "\u00a0", "\u200b")


@dataclass(frozen=True)
class Exports:
    """One membership export, one orders export, and the business date they were drawn around."""

    memberships: list[Row]
    orders: list[Row]
    as_of: date = AS_OF


def usually(good: st.SearchStrategy[Cell], *odd: Sequence[Cell], one_in: int = 8) -> st.SearchStrategy[Cell]:
    """Mostly ``good``; about once in ``one_in`` a cell out of one of the odd pools."""
    pools = st.sampled_from(odd).flatmap(st.sampled_from)
    return st.integers(1, one_in).flatmap(lambda roll: pools if roll == one_in else good)


def date_cells(day: date) -> st.SearchStrategy[Cell]:
    """One day in every notation that the rules read."""
    serial = (day - date(1899, 12, 30)).days
    month = MONTHS[day.month - 1].title()
    notations: list[Cell] = [
        *(day, datetime.combine(day, time(23, 59, 59)), serial, serial + 0.75, str(serial)),
        *(day.isoformat(), f"{day}T23:30:00+02:00", f"{day} 08:15:00", f" {day}T00:00:00Z\u00a0"),
        *(f"{day:%m/%d/%Y}", f"{day.month}/{day.day}/{day.year}", f"{day:%m/%d/%Y} 11:45 PM"),
        *(f"{day:%d}-{month}-{day:%Y}", f"{month.upper()} {day.day}, {day:%Y}"),
        *(f"{day:%Y%m%d}", int(f"{day:%Y%m%d}")),
    ]
    if 1969 <= day.year <= 2068:
        notations.append(f"{day:%m/%d/%y}")
    return st.sampled_from(notations)


def money_cells(amount: Decimal) -> st.SearchStrategy[Cell]:
    """One amount in every notation that the rules read."""
    size, sign = abs(amount), "-" if amount < 0 else ""
    notations: list[Cell] = [
        float(amount),
        f"{amount}",
        f"{sign}${size:,}",
        f"$ {sign}{size}",
        f"\u00a0{sign}{size:,} €",
    ]
    if amount == amount.to_integral_value():
        notations.append(int(amount))
    if amount < 0:
        notations += [f"({size:,})", f"(${size})", f"{size}-"]
    return st.sampled_from(notations)


# --- memberships ----------------------------------------------------------------------------------------------------


@st.composite
def terms(draw: st.DrawFn) -> list[tuple[date, date]]:
    """(start, end) of one customer's memberships, the newest first, cut at the edges of the rules."""
    expires = AS_OF + timedelta(days=draw(st.sampled_from([0, -1, 1, 29, 30, 31, 365, -400])))
    starts = [AS_OF, AS_OF - timedelta(days=30), AS_OF - timedelta(days=31), AS_OF + timedelta(days=1)]
    start = draw(st.sampled_from([expires - timedelta(days=365), *(start for start in starts if start < expires)]))
    found = [(start, expires)]
    for gap in draw(st.lists(st.sampled_from([7, 8, 0, 1, -1, -40, -500, 200]), max_size=3)):
        expires = start - timedelta(days=gap)
        start = expires - timedelta(days=draw(st.sampled_from([365, 30, 365, 0, -3])))  # -3: it ends before it begins
        found.append((start, expires))
    return found


@st.composite
def member_rows(draw: st.DrawFn) -> list[dict[str, Cell]]:
    """All rows of one customer, who is spelled another way each time."""
    ids, names = (draw(st.sampled_from(pool)) for pool in (MEMBER_IDS, NAMES))
    emails = draw(st.sampled_from([*EMAILS, (*EMAILS[0], *EMAILS[1])]))  # the last one changes addresses
    has_id = draw(st.integers(1, 6)) < 6
    rows = []
    for start, expires in draw(terms()):
        apart = timedelta(days=draw(st.sampled_from([0, 0, 0, 14])))
        rows.append(
            {
                "Cust ID": draw(usually(st.sampled_from(ids), NO_IDS, one_in=9) if has_id else st.sampled_from(NO_IDS)),
                "Customer Name": draw(usually(st.sampled_from(names), NO_NAMES, one_in=6)),
                "Contact Email": draw(usually(st.sampled_from(emails), NO_EMAILS, INVALID_EMAILS, one_in=4)),
                "Created Date": draw(usually(date_cells(start), NO_DATES, UNREADABLE_DATES, one_in=9)),
                "Start Date": draw(usually(date_cells(start + apart), NO_DATES, UNREADABLE_DATES, one_in=9)),
                "Expiration Date": draw(usually(date_cells(expires), NO_DATES, UNREADABLE_DATES, one_in=12)),
                "Original Pu": draw(st.sampled_from(["HFO", None, " ", "Online", CellError("#N/A")])),
                "Membership": draw(st.sampled_from(["Gold", None, 3])),
                "State/Regi": draw(usually(st.just("BY"), (CellError("#REF!"), None, 7.0))),
            }
        )
    return rows


@st.composite
def membership_exports(draw: st.DrawFn, *, max_customers: int = 5) -> list[Row]:
    """One membership export: at least one ordinary row; sometimes a column less, blank rows, totals rows."""
    rows = [row for rows in draw(st.lists(member_rows(), min_size=1, max_size=max_customers)) for row in rows]
    optional = [(), (), (), ("Created Date",), ("Start Date",), ("Original Pu", "Membership"), ("State/Regi",)]
    totals = {"Membership": draw(st.sampled_from([None, 17])), "State/Regi": None}
    return _as_sheet(draw, rows, left_out=draw(st.sampled_from(optional)), label="Cust ID", totals=totals)


# --- orders ---------------------------------------------------------------------------------------------------------


@st.composite
def order_rows(draw: st.DrawFn) -> list[dict[str, Cell]]:
    """All orders of one customer, or of an id that no member has, or of nobody; some of them twice."""
    ids = draw(st.sampled_from([*MEMBER_IDS, *MEMBER_IDS, UNKNOWN_IDS[:4], UNKNOWN_IDS[4:], NO_IDS]))
    rows: list[dict[str, Cell]] = []
    for amount in draw(st.sampled_from(BASKETS)):
        ordered_on = AS_OF + timedelta(days=draw(st.sampled_from([-200, -1, 0, 30])))
        row = {
            "SAP ID": draw(st.sampled_from(ids)),
            "Total Value": draw(usually(money_cells(Decimal(amount)), NO_AMOUNTS, UNREADABLE_AMOUNTS, one_in=9)),
            "Sales Doc": draw(st.sampled_from([*(f"{n:05}" for n in range(1, 60)), None, "7.1E+15"])),
            "Order Date": draw(usually(date_cells(ordered_on), NO_DATES, UNREADABLE_DATES)),
            "Customer Name": draw(st.sampled_from(["Ann Lee", None, "Bo"])),
            "Plant": draw(usually(st.just("P1"), (CellError("#N/A"), None))),
        }
        rows.append(row)
        if draw(st.integers(1, 4)) == 4:
            rows.append(row | draw(_differences(ids, Decimal(amount), ordered_on)))
    return rows


def _differences(ids: Sequence[Cell], amount: Decimal, ordered_on: date) -> st.SearchStrategy[dict[str, Cell]]:
    """How a repeated order differs from the first: not at all, in spelling only, or in one column."""
    spelled = {"SAP ID": st.sampled_from(ids), "Total Value": money_cells(amount), "Order Date": date_cells(ordered_on)}
    one_column: list[dict[str, Cell]] = [
        {"Plant": "P2"},
        {"Total Value": 12.34},
        {"Order Date": date(2020, 2, 29)},
        {"Customer Name": "Cy"},
        {"SAP ID": "950"},
    ]
    return st.one_of(st.just({}), st.fixed_dictionaries(spelled), st.sampled_from(one_column))


@st.composite
def order_exports(draw: st.DrawFn, *, max_customers: int = 5) -> list[Row]:
    """One orders export: at least one order; sometimes a column less, blank rows, totals rows."""
    rows = [row for rows in draw(st.lists(order_rows(), min_size=1, max_size=max_customers)) for row in rows]
    left_out = draw(st.sampled_from([(), (), (), ("Sales Doc",), ("Order Date", "Customer Name"), ("Plant",)]))
    label = "SAP ID" if "Sales Doc" in left_out else draw(st.sampled_from(["SAP ID", "Sales Doc"]))
    totals = {"Total Value": draw(st.sampled_from([12345.67, "$12,345.67", None])), "Plant": None}
    return _as_sheet(draw, rows, left_out=left_out, label=label, totals=totals)


@st.composite
def exports(draw: st.DrawFn, *, max_customers: int = 5) -> Exports:
    """Both exports of one night, drawn around :data:`AS_OF`."""
    return Exports(
        draw(membership_exports(max_customers=max_customers)), draw(order_exports(max_customers=max_customers))
    )


# --- sheets ---------------------------------------------------------------------------------------------------------


def _as_sheet(
    draw: st.DrawFn, rows: list[dict[str, Cell]], *, left_out: Sequence[str], label: str, totals: dict[str, Cell]
) -> list[Row]:
    """The rows in any order, with blank rows among and after them and totals rows at the end, numbered as in Excel."""
    headers = [header for header in rows[0] if header not in left_out]
    lines = list(draw(st.permutations(rows)))
    for place in draw(st.lists(st.integers(0, len(lines)), max_size=2)):
        lines.insert(place, {header: draw(st.sampled_from(BLANKS)) for header in headers})
    for word in draw(st.lists(st.sampled_from(TOTALS_WORDS), max_size=2)):
        lines += [{}] * draw(st.integers(0, 1))
        lines.append({label: word, **totals})
    lines += [{}] * draw(st.integers(0, 1))
    return [
        Row(number, {header: line.get(header) for header in headers}) for number, line in enumerate(lines, FIRST_ROW)
    ]
