"""Brakes on real-derived data: a year of ordinary nights holds none, and each planted disaster is held.

GOLDPAN_YEAR_SHARE=1 takes every customer instead of a sample, which is several times as long.
"""

import os
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from sync.destinations import hubspot
from sync.destinations.hubspot import HubSpotDestination
from sync.sandbox import Sandbox
from tests.cli.installation import furnished, writes_in
from tests.hubspot.stage import Clock
from tests.nights import DAY, HOUR, NIGHTS, Exports, Office, Row, Source, read
from tests.reference import outputs, pipeline
from tests.reference.rows import Row as ReferenceRow
from tests.test_chicago import FOLDER

SHARE = float(os.environ.get("GOLDPAN_YEAR_SHARE", "0.2"))
LOOKED_AT_EVERY = 30
"""So many nights lie between those that are compared with the reference, and run twice."""
BEFORE, NIGHT = date(2026, 5, 26), date(2026, 5, 28)
"""The disasters' installation begins on the one and meets them on the other, an ordinary Thursday."""
LIMITS = ("tag_loss_contacts = 25", "changed_contacts = 100", "created_contacts = 100")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the Chicago exports are not beside this checkout"),
]


@pytest.fixture(scope="module", autouse=True)
def waits():
    """Nothing waits between requests."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hubspot, "HubSpotDestination", partial(HubSpotDestination, clock=clock.now, sleep=clock.sleep))
        # The reference compares every order with every other; no order id stands twice here, so it need not.
        patch.setattr(pipeline, "find_repeated_orders", lambda _orders: {})
        yield


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """The file of a portal that is set up."""
    return furnished(tmp_path_factory.mktemp("portal") / "portal.sqlite")


def office_in(folder: Path) -> Office:
    """An installation whose limits are as small as its sample: a sample must not be safer than the whole."""
    office = Office(folder / "home")
    file = office.home / "config" / "goldpan.toml"
    text = file.read_text(encoding="utf-8")
    for line in LIMITS:
        name, count = line.split(" = ")
        assert line in text
        text = text.replace(line, f"{name} = {round(int(count) * SHARE)}")
    file.write_text(text, encoding="utf-8")
    return office


def load_first(office: Office, day: date, exports: Exports) -> None:
    """The first load, which waits for a person, and is approved."""
    office.deliver(day, exports)
    held = office.run(day)
    assert (held.exit_code, [brake["name"] for brake in held.brakes]) == (3, ["first_load"])
    assert office.approve(held).status == "done"


# --- ordinary nights --------------------------------------------------------------------------------------------------


@pytest.mark.timeout(3600)
def test_no_ordinary_night_of_a_year_is_held_and_hubspot_holds_what_the_rules_say(tmp_path, portal):
    shutil.copyfile(portal, tmp_path / "portal.sqlite")
    office, source = office_in(tmp_path), Source(FOLDER, SHARE)
    disturbed, nights, looked_at = {}, 0, 0
    with Sandbox(tmp_path / "portal.sqlite", burst_limit=0) as sandbox:
        office.connect(sandbox)
        for number, (day, exports) in enumerate(source.nights()):
            if number == 0:
                load_first(office, day, exports)
            elif exports is not None:
                office.deliver(day, exports)

            record = office.run(day, later=HOUR * 2)

            nights += 1
            contacts = dict(record.contacts)
            assert contacts.pop("total") == sum(contacts.values()), day
            if record.status != "done":
                disturbed[str(day)] = [brake["what"] for brake in record.brakes] or record.problems
                office.approve(record)
            if number % LOOKED_AT_EVERY == 0:
                looked_at += 1
                assert_holds_what_the_rules_say(sandbox, office, day, source.former)
                assert_says_nothing_twice(sandbox, office, day)
    assert disturbed == {}
    assert (nights, looked_at) == (NIGHTS, NIGHTS // LOOKED_AT_EVERY + 1)


def assert_holds_what_the_rules_say(sandbox: Sandbox, office: Office, day: date, former: set[str]) -> None:
    """Everybody in the exports as the naive reference has them; of the others, only those who left."""
    members, orders = (
        [ReferenceRow(number, row) for number, row in enumerate(read(next(office.inbox.glob(f"{kind}-*.csv"))), 2)]
        for kind in ("memberships", "orders")
    )
    result = pipeline.refine(members, orders, day)
    wanted = {
        contact.email: as_compared(outputs.hubspot_properties(contact))
        for contact in result.contacts
        if contact.is_sendable
    }
    held = sandbox.contacts()
    got = {
        email: as_compared({name: held.get(email, {}).get(name, "") for name in values})
        for email, values in wanted.items()
    }
    assert got == wanted, day
    assert held.keys() - wanted.keys() <= former, day


def as_compared(values: dict[str, str]) -> dict[str, object]:
    """The tags as a set, amounts as numbers."""
    amounts = {name: Decimal(values[name]) for name in ("total_order_value", "estimated_savings")}
    return values | amounts | {"membership_status_tags": set(values["membership_status_tags"].split(";"))}


def assert_says_nothing_twice(sandbox: Sandbox, office: Office, day: date) -> None:
    before = len(writes_in(sandbox))
    again = office.run(day, later=HOUR * 3)
    assert (again.status, again.contacts["created"], again.contacts["updated"]) == ("done", 0, 0), day
    assert len(writes_in(sandbox)) == before, day


# --- disasters --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year(tmp_path_factory, portal):
    """An installation in the middle of the year, with everything that its disasters are made of."""
    folder = tmp_path_factory.mktemp("year")
    shutil.copyfile(portal, folder / "portal.sqlite")
    office, source = office_in(folder), Source(FOLDER, SHARE)
    exports = {}
    with Sandbox(folder / "portal.sqlite", burst_limit=0) as sandbox:
        office.connect(sandbox)
        for day, delivered in source.nights():
            if day == BEFORE:
                load_first(office, day, delivered)
            elif day == NIGHT - DAY:
                office.deliver(day, delivered)
                assert office.run(day).status == "done"
            elif day == NIGHT + DAY:
                exports |= {"tonight": exports[NIGHT], "tomorrow": delivered}
                break
            exports[day] = delivered
    shutil.copytree(folder, folder.with_name("kept"))
    return folder, exports


@pytest.fixture
def midyear(year):
    """The same for each disaster, with a portal that runs: installation, portal, tonight's and tomorrow's exports."""
    folder, exports = year
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("kept"), folder)
    with Sandbox(folder / "portal.sqlite", burst_limit=0) as sandbox:
        office = Office(folder / "home")
        office.connect(sandbox)
        yield office, sandbox, exports


def shifted(text: str, days: int) -> str:
    return str(date.fromisoformat(text) + days * DAY) if text else text


def day_first(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}" if text else text


def a_tenth(exports: Exports) -> Exports:
    return Exports(exports.memberships[::10], exports.orders[::10])


def half_of_the_customers(exports: Exports) -> Exports:
    return exports.change(lambda row: None if row["Cust ID"][-1:] in {*"02468"} else {})


def of_memberships(change: Callable[[Row], Row | None]) -> Callable[[Exports], Exports]:
    return lambda exports: exports.change(memberships=change)


def of_orders(change: Callable[[Row], Row | None]) -> Callable[[Exports], Exports]:
    return lambda exports: exports.change(orders=change)


def addresses_sorted_alone(exports: Exports) -> Exports:
    """A person sorted one column of the sheet without the others."""
    addresses = iter(sorted(row["Contact Email"] for row in exports.memberships))
    return exports.change(lambda _: {"Contact Email": next(addresses)})


DISASTERS = {
    "only a tenth of the rows": (a_tenth, "fewer_rows"),
    "half of the customers missing": (half_of_the_customers, "fewer_contacts"),
    "addresses emptied": (of_memberships(lambda _: {"Contact Email": ""}), "unsendable_rise"),
    "addresses sorted apart from their rows": (addresses_sorted_alone, "changed"),
    "a new domain for everybody": (
        of_memberships(lambda row: {"Contact Email": row["Contact Email"].replace("example.com", "example.net")}),
        "created",
    ),
    "columns shifted: the city where the end was": (
        of_memberships(lambda row: {"Expiration Date": row["City"]}),
        "column_emptied",
    ),
    "dates with the day first": (
        of_memberships(lambda row: {name: day_first(row[name]) for name in ("Created Date", "Expiration Date")}),
        "tag_loss",
    ),
    "every membership ends a year later": (
        of_memberships(lambda row: {"Expiration Date": shifted(row["Expiration Date"], 365)}),
        "changed",
    ),
    "dates a day early, as of another time zone": (
        of_memberships(lambda row: {name: shifted(row[name], -1) for name in ("Created Date", "Expiration Date")}),
        "changed",
    ),
    "original purchases emptied": (of_memberships(lambda _: {"Original Pu": ""}), "tag_loss"),
    "amounts in cents": (of_orders(lambda row: {"Total Value": row["Total Value"].replace(".", "") + "00"}), "changed"),
    "amounts all zero": (of_orders(lambda _: {"Total Value": "0"}), "order_sum_loss"),
    "orders of another region": (of_orders(lambda row: {"SAP ID": f"9{row['SAP ID']:0>6}"}), "tag_loss"),
    "ids that match no order": (of_memberships(lambda row: {"Cust ID": f"C-{row['Cust ID']}"}), "changed"),
}


@pytest.mark.parametrize("disaster", DISASTERS)
def test_a_broken_export_is_held_and_the_next_good_one_goes_through(midyear, disaster):
    office, sandbox, exports = midyear
    make, brake = DISASTERS[disaster]
    office.deliver(NIGHT, make(exports["tonight"]))

    record = office.run(NIGHT)

    assert_held(record, brake, sandbox)
    assert_next_night_is_fine(office, exports)


def test_exports_of_two_months_ago_are_held(midyear):
    office, sandbox, exports = midyear
    earlier = NIGHT - 60 * DAY
    office.deliver(NIGHT, exports[earlier], named=earlier)

    assert_held(office.run(NIGHT), "export_age", sandbox)
    assert_next_night_is_fine(office, exports)


def test_memberships_of_two_months_ago_under_the_name_of_tonight_are_held(midyear):
    office, sandbox, exports = midyear
    office.deliver(NIGHT, Exports(exports[NIGHT - 60 * DAY].memberships, exports["tonight"].orders))

    assert_held(office.run(NIGHT), "tag_loss", sandbox)
    assert_next_night_is_fine(office, exports)


def test_a_slip_in_a_threshold_is_held_and_corrected(midyear):
    office, sandbox, exports = midyear
    file = office.home / "config" / "tags.toml"
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace("above = 1000", "above = 10"), encoding="utf-8")
    office.connect(sandbox)
    office.deliver(NIGHT, exports["tonight"])

    assert_held(office.run(NIGHT), "changed", sandbox)
    file.write_text(right, encoding="utf-8")
    office.connect(sandbox)
    assert_next_night_is_fine(office, exports)


def assert_held(record, brake: str, sandbox: Sandbox) -> None:
    assert record.exit_code == 3, record.problems
    assert brake in [each["name"] for each in record.brakes]
    assert writes_in(sandbox) == []


def assert_next_night_is_fine(office: Office, exports) -> None:
    office.deliver(NIGHT + DAY, exports["tomorrow"])

    record = office.run(NIGHT + DAY)

    assert (record.exit_code, record.status) == (0, "done"), record.problems
    assert record.contacts["updated"] > 0
