"""One person in the state: found in every portal, and gone from every table, on both kinds of database."""

import sqlite3
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text

from goldpan.model import Action, Change, Confirmed, Portal
from goldpan.person import Person
from sync.state import tables as t
from sync.state.contacts import Refusal
from sync.state.people import People

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
ADA, HOME, BEN, OFFICE = (f"{name}@x.org" for name in ("ada", "ada.home", "ben", "office"))
PERSON = Person(frozenset({ADA, HOME}), frozenset({"12"}))


@pytest.fixture
def people(state):
    """Two portals that know Ada, under two addresses, and Ben."""
    for number in (1, 2):
        run_id = f"r{number}"
        state.runs.start(run_id, destination="hubspot", as_of=date(2026, 11, 20), version="1", at=AT)
        contacts = state.contacts_of("hubspot", Portal(str(number)))
        confirmed = {ADA: "12", HOME: "12", BEN: "13", OFFICE: "14"}
        contacts.confirm({email: Confirmed("7", "{}", key) for email, key in confirmed.items()}, run_id=run_id, at=AT)
        contacts.refuse({email: Refusal("{}", "INVALID_EMAIL", "", AT, AT) for email in (ADA, BEN)})
        contacts.mark_absent("not_wanted", {f"no.{ADA}": "{}"}, at=AT)
        state.journal.plan(
            run_id,
            [
                Change(email, Action.CREATE, {}, {"n": "1"}, customer_key=key)
                for email, key in {ADA: "12", OFFICE: "12", BEN: "13"}.items()
            ],
        )
        state.runs.finish(
            run_id, status="failed", portal_id=str(number), fingerprint="", at=AT,
            record={"problems": [f"HubSpot said: {ADA.upper()} is odd"], "notes": [f"no.{ADA} is another"]},
        )  # fmt: skip
    return People(state.engine)


def test_customers_and_addresses_lead_to_each_other(people):
    assert people.customers_of({ADA}) == {"12"}
    assert people.customers_of({ADA, BEN}) == {"12", "13"}
    assert people.customers_of({"nobody@x.org"}) == set()
    assert people.addresses_of({"12"}) == {ADA, HOME, OFFICE}
    assert people.addresses_of(set()) == set()


def test_it_counts_what_there_is(people):
    assert people.count(PERSON) == {"contacts": 4, "changes": 4, "refusals": 2, "runs": 2}
    assert people.count(Person(frozenset({"nobody@x.org"}))) == {}


def test_nothing_of_them_stays_and_everything_of_the_others(people, state):
    people.remove(PERSON)

    assert people.count(PERSON) == {}
    with state.engine.connect() as connection:
        left = {
            table.name: connection.execute(select(table.c.email).order_by(table.c.email)).scalars().all()
            for table in (t.contacts, t.changes, t.refusals, t.absences)
        }
    assert left == {
        "contacts": [BEN, BEN, OFFICE, OFFICE],
        "changes": [BEN, BEN],
        "refusals": [BEN, BEN],
        "absences": [f"no.{ADA}", f"no.{ADA}"],
    }
    assert state.runs.get("r1").record == {
        "problems": ["HubSpot said: forgotten@forgotten.invalid is odd"],
        "notes": [f"no.{ADA} is another"],
    }


def test_a_second_time_nothing_happens(people):
    people.remove(PERSON)
    people.remove(PERSON)

    assert people.count(PERSON) == {}


def test_the_file_of_the_state_holds_no_trace(people, state):
    """SQLite leaves what was deleted in free pages, and in the log of changes, unless it is told not to."""
    if state.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL overwrites it in its own time (autovacuum)")
    with state.engine.connect() as connection:
        path = connection.execute(text("PRAGMA database_list")).all()[0][2]

    people.remove(Person(frozenset({BEN}), frozenset({"13"})))

    for end in ("", "-wal"):
        with open(path + end, "rb") as file:  # noqa: PTH123 - SQLite names its log so
            assert BEN.encode() not in file.read()
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM contacts").fetchone() == (6,)
    other.close()
