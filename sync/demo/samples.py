"""The sample exports of `goldpan demo`: invented members and their orders, as odd as real exports are.

Everything is counted in days from the run's date, so that the same story (who lapsed, who renewed on the last day,
whose address is broken) is told on any date. Names are invented, addresses are at the domains of RFC 2606.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import xlsxwriter

from goldpan.model import CellError

_SEED = 4711
_MEMBERS = 500
_TERM_DAYS = 365
_EXCEL_DAY_0 = date(1899, 12, 30)

_Cell = str | int | float | date | None
_Row = list[_Cell]

_MEMBERSHIP_HEADERS = (
    "Cust ID", "Customer Name", "Contact Email", "City", "State/Regi", "Membersh", "Original Pu", "Created Date",
    "Start Date", "Expiration Date",
)  # fmt: skip
_ORDER_HEADERS = ("Sales Doc", "SAP ID", "Customer Name", "Order Date", "Material De", "Total Value")

_FIRST_NAMES = (
    "Adaeze", "Aiko", "Amara", "Anders", "Beatriz", "Bogdan", "Chidi", "Chloé", "Dariusz", "Dmitra", "Eluned", "Emeka",
    "Farida", "Giulia", "Hamza", "Ingrid", "Jamal", "José", "Kavita", "Kwame", "Leilani", "Mateo", "Minh", "Nadia",
    "Oluwaseun", "Priya", "Rashid", "Sinéad", "Tomasz", "Yara", "Zoë",
)  # fmt: skip
_LAST_NAMES = (
    "Abendrothe", "Bakarelli", "Castellvano", "Dragonev", "Eklundsen", "Fairwyn", "Gundarsen", "Haddenbrook", "Iwamuro",
    "Jankovelli", "Kowalenko-Reyes", "Lindqvarn", "Mwangezi", "Nakamorin", "O'Brannick", "Oyelunde", "Petrosyani",
    "Quispelo", "Rahmanovi", "Sørbakken", "Tashirova", "Ueckerman", "Vasquiera", "Wanjikora", "Yılmazer", "Zelenkari",
)  # fmt: skip
_COMPANY_NAMES = (
    "Amber Lantern", "Blue Heron", "Copper Kettle", "Driftwood", "@Home", "Foxglove & Thyme", "Harbourlight", "Juniper",
    "Larkspur", "Millrace", "Northbeam", "Old Orchard", "Pinecroft", "Quartz Hill", "Riverbend", "Saltmarsh", "Summit",
)  # fmt: skip
_COMPANY_KINDS = ("Bakery LLC", "Books", "Cycles Inc.", "Gardens", "Outfitters", "Pottery Co.", "Yoga Club")
_PLACES = (
    ("Springvale", "OH"), ("Fort Alder", "TX"), ("Lakemere", "MN"), ("Point Sorrel", "CA"), ("Ashbury Falls", "NY"),
    ("Cedar Notch", "VT"), ("Marisol", "NM"),
)  # fmt: skip
_LEVELS = ("Bronze", "Silver", "Gold", "Family")
_PURCHASES = ("HFO Store", "HFO Web", "Trade show", "Phone")
_ITEMS = ("Starter kit", "Refill pack", "Workshop", "Gift card", "Spare parts", "Annual guide")

_DATE_STYLES = ("cell", "serial", "%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d")
_DATE_WEIGHTS = (70, 6, 5, 8, 3, 3, 3, 2)
_GAPS = (-21, -3, 0, 1, 7, 8, 90)
"""Days from the end of a term to the creation of the next one: early, at once, the last day that renews, too late."""


@dataclass(frozen=True)
class _Story:
    """A member: the newest term in days from the run's date, the gaps before it, and what is odd in its newest row."""

    start: int = -200
    expires: int | str | None = 165
    gaps: tuple[int, ...] = ()
    email: str | None = "{address}"
    customer_id: str | None = "{id}"
    amounts: tuple[_Cell, ...] = ()  # else a few usual ones


_STORIES = (
    _Story(start=0, expires=365),  # starts today
    _Story(start=-30, expires=335),  # the last day of recently renewed, and the day after
    _Story(start=-31, expires=334),
    _Story(start=1, expires=366, gaps=(-21,)),  # renewed early: the new term begins tomorrow
    _Story(start=5, expires=370),  # a first term that has not begun
    _Story(start=-365, expires=0),  # expires today: expiring soon, not active
    _Story(start=-366, expires=-1),
    _Story(start=-335, expires=30),  # the last day of expiring soon, and the day before
    _Story(start=-334, expires=31),
    _Story(gaps=(7,)),  # day 7 renews, day 8 starts anew
    _Story(gaps=(8,)),
    _Story(gaps=(-3, 0, 7)),
    _Story(expires=None),  # nobody knows when it ends
    _Story(expires="13/45/2025"),
    _Story(expires=CellError("#N/A")),
    _Story(amounts=(600.0, "$400.00")),  # 1000.00 is not high value; a cent more is
    _Story(amounts=("$1,000.00", 0.01)),
    _Story(amounts=("$1,200.50", "(250.00)")),  # a return takes it below
    _Story(amounts=(2400.0, "180.00-", -20.0)),
    _Story(amounts=("USD 12", "see note", 80.0)),
    _Story(amounts=(CellError("#N/A"), CellError("#REF!"), None)),
    _Story(email="{address}; {local}@example.net"),
    _Story(email="{local}@example.net, {address}"),
    _Story(email="{name} <{address}>"),
    _Story(email="mailto:{address}"),
    _Story(email=" {address}\u00a0"),
    _Story(email="{local}@example"),
    _Story(email="{local}(at)example.com"),
    _Story(email="not provided"),
    _Story(email=CellError("#N/A")),
    _Story(email=None),
    _Story(email=None, gaps=(0,)),  # the row before knows the address
    _Story(email="unknown", gaps=(-3,)),
    _Story(email="thistle.lane@example.net"),  # two customers of one household, and of one office
    _Story(email="thistle.lane@example.net", amounts=(700.0,)),
    _Story(email="office@example.org", amounts=("$640.00",)),
    _Story(email="office@example.org", amounts=(580.0,), start=-455, expires=-90),
    _Story(customer_id=None),
    _Story(customer_id="1.00004E+15"),  # rounded by Excel: no id at all
    _Story(customer_id=" {id} "),
    _Story(customer_id="'{id}"),
)

_Order = tuple[_Cell, _Cell, int | str, _Cell]
"""SAP ID, customer name, day (from the run's date) or odd date cell, amount."""

_ODD_ORDERS: tuple[_Order, ...] = (  # of people who are no members, and rows that ops have to mend
    ("0005000101", "Bright Anvil Studio", -40, "$1,850.00"),
    ("0005000101", "Bright Anvil Studio", -12, 240.0),
    (5000102, "Teodora Mirelund", -3, 64.9),
    ("5000103", None, -75, 1000.0),
    ("0005000104", "Ravi Oskarelli", -9, "45.00-"),
    (None, "Walk-in customer", -2, 18.5),
    (None, None, -1, "$22.00"),
    ("4.00001E+15", "Marlowe & Finch", -20, 310.0),
    ("0005000105", "Candela Wrenfield", "31/31/2025", 55.0),
    ("0005000105", "Candela Wrenfield", CellError("#REF!"), 12.25),
)


def write_samples(folder: Path, as_of: date, seed: int = _SEED) -> tuple[Path, Path]:
    """Write a pair of sample exports that make every category, tag and warning occur on the given date.

    Args:
        folder: Where to; made if missing. Files of the same names are replaced.
        as_of: The date that the story is told on. Two-digit years in texts hold it to 1976 … 2067.
        seed: Another one gives other people with the same oddities.

    Returns:
        The paths of the memberships (about 500 members in 800 rows) and of the orders. The same arguments give the
        same bytes.
    """
    rng = Random(seed)  # noqa: S311 - sample data, no secret
    folder.mkdir(parents=True, exist_ok=True)
    memberships, orders = (folder / f"{kind}-{as_of:%Y-%m-%d}.xlsx" for kind in ("memberships", "orders"))
    members = list(_members(rng))
    _write_workbook(
        memberships, as_of, "Membership Master List", _MEMBERSHIP_HEADERS, _membership_rows(members, as_of, rng)
    )
    _write_workbook(orders, as_of, "Sales by Customer", _ORDER_HEADERS, _order_rows(members, as_of, rng))
    return memberships, orders


@dataclass(frozen=True)
class _Member:
    customer_id: str
    name: str
    address: str
    story: _Story


def _members(rng: Random) -> Iterator[_Member]:
    people = rng.sample([f"{first} {last}" for first in _FIRST_NAMES for last in _LAST_NAMES], _MEMBERS - 80)
    companies = rng.sample([f"{name} {kind}" for name in _COMPANY_NAMES for kind in _COMPANY_KINDS], 80)
    numbers = sorted(rng.sample(range(1_000_100, 1_099_999), _MEMBERS))
    stories = [*_STORIES, *(_usual_story(rng) for _ in range(_MEMBERS - len(_STORIES)))]
    rng.shuffle(stories)
    for number, name, story in zip(numbers, rng.sample(people + companies, _MEMBERS), stories, strict=True):
        address = f"{_local_part(name)}@example.{'org' if name in companies else 'com'}"
        yield _Member(f"{number:010}", name, address, story)


def _usual_story(rng: Random) -> _Story:
    days_left = rng.choice((rng.randint(0, 30), -rng.randint(1, 600), *(rng.randint(31, 364) for _ in range(4))))
    gaps = rng.choices(_GAPS, k=rng.choice((0, 0, 0, 0, 1, 1, 2, 3)))
    return _Story(start=days_left - _TERM_DAYS, expires=days_left, gaps=tuple(gaps))


def _local_part(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ı", "i")).encode("ascii", "ignore").decode()
    words = "".join(letter if letter.isalnum() else " " for letter in plain.replace("'", "").lower()).split()
    return ".".join(words)


def _terms(story: _Story) -> list[tuple[int, int, int | str | None]]:
    """Day of creation, start and end of each term, oldest first; one bought early begins when the last one ends."""
    terms: list[tuple[int, int, int | str | None]] = []
    start, expires = story.start, story.expires
    for gap in reversed(story.gaps):
        terms.append((start + min(gap, 0), start, expires))
        expires = start - max(gap, 0)
        start = expires - _TERM_DAYS
    return [(start, start, expires), *reversed(terms)]


def _membership_rows(members: Sequence[_Member], as_of: date, rng: Random) -> list[_Row]:
    rows: list[_Row] = []
    for member in members:
        place, level, terms = rng.choice(_PLACES), rng.choice(_LEVELS), _terms(member.story)
        purchase = rng.choice(_PURCHASES) if rng.random() < 0.4 else None
        for number, (created, start, expires) in enumerate(terms, 1):
            days = (None if rng.random() < 0.02 else created, start, expires)
            story = member.story if number == len(terms) else _Story()
            rows.append([
                _customer_id(story.customer_id, member, rng), member.name, _email(story.email, member), *place, level,
                purchase if number == 1 else None,  # written once, when the member joined
                *(_date_cell(day, as_of, rng) for day in days),
            ])  # fmt: skip
    totals: _Row = [f"Total: {len(rows)}"]
    return [*rows[:150], [None, "\u00a0", " "], *rows[150:400], [], [], *rows[400:], totals]


def _customer_id(spelling: str | None, member: _Member, rng: Random) -> _Cell:
    """Text with SAP's leading zeros; now and then the number that Excel made of it."""
    if spelling == "{id}" and rng.random() < 0.15:
        return int(member.customer_id)
    return spelling and spelling.format(id=member.customer_id)


def _email(spelling: str | None, member: _Member) -> _Cell:
    if spelling is None or isinstance(spelling, CellError):
        return spelling
    return spelling.format(address=member.address, name=member.name, local=member.address.partition("@")[0])


def _date_cell(day: int | str | None, as_of: date, rng: Random) -> _Cell:
    """A day as a date cell, as Excel's number for it, or as one of the texts that people type."""
    style = rng.choices(_DATE_STYLES, _DATE_WEIGHTS)[0]
    if not isinstance(day, int):
        return day
    value = as_of + timedelta(days=day)
    if style == "serial":
        return (value - _EXCEL_DAY_0).days
    return value if style == "cell" else value.strftime(style)


def _order_rows(members: Sequence[_Member], as_of: date, rng: Random) -> list[_Row]:
    bought = list(_ODD_ORDERS)
    for member in members:
        amounts = member.story.amounts or _usual_amounts(rng)
        bought += [(_customer_id("{id}", member, rng), member.name, -rng.randint(0, 900), amount) for amount in amounts]
    bought.sort(key=lambda order: order[2] if isinstance(order[2], int) else 0)
    rows: list[_Row] = [
        [f"{90_000_000 + 7 * number:010}", customer, name, _date_cell(day, as_of, rng), rng.choice(_ITEMS), amount]
        for number, (customer, name, day, amount) in enumerate(bought)
    ]
    total = round(sum(row[-1] for row in rows if isinstance(row[-1], float)), 2)  # like Excel's SUM, without texts
    exported_twice = rows[60::200]
    return [*rows[:300], [], *rows[300:], *exported_twice, ["Total", None, None, None, None, total]]


def _usual_amounts(rng: Random) -> tuple[_Cell, ...]:
    """A few orders, mostly as numbers, some as text, one in thirty a return."""
    amounts = []
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        amount = round(rng.lognormvariate(4.8, 0.9) * rng.choices((1, -1), (29, 1))[0], 2)
        amounts.append(f"${amount:,.2f}" if amount > 0 and rng.random() < 0.15 else amount)
    return tuple(amounts)


def _write_workbook(path: Path, as_of: date, title: str, headers: Sequence[str], rows: Sequence[_Row]) -> None:
    """The layout of an ERP's export: two title rows, a blank one, then the table."""
    lines: list[Sequence[_Cell]] = [[title], [f"Run date: {as_of:%m/%d/%Y}"], [], headers, *rows]
    options = {"strings_to_formulas": False, "strings_to_urls": False, "default_date_format": "mm/dd/yyyy"}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": title, "created": datetime.combine(as_of, time())})
        sheet = book.add_worksheet("Export")
        sheet.set_column(0, len(headers) - 1, 18)
        id_column = next(n for n, header in enumerate(headers) if header in ("Cust ID", "SAP ID"))
        sheet.set_column(id_column, id_column, 14, book.add_format({"num_format": "0" * 10}))
        for row, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                if isinstance(cell, CellError):
                    sheet.write_formula(row, column, "=NA()" if cell == "#N/A" else f"={cell}", None, str(cell))
                else:
                    sheet.write(row, column, cell)
