"""`goldpan explain`: one contact, from its rows to every write, without asking HubSpot and without anybody else."""

from datetime import UTC, date, datetime, timedelta

import pytest

from goldpan.desired_contacts import DesiredContacts
from goldpan.model import Action, Cause, Change, Confirmed, Outcome, Portal, Verdict
from goldpan.pipeline import refine
from sync.exports import Delivery, read_export
from sync.settings import load_settings
from sync.state.contacts import Refusal
from sync.state.inputs import StoredInput
from sync.state.store import State
from tests.cli.installation import (
    ADA,
    AS_OF,
    BEN,
    CLEO,
    DAN,
    MEMBERS,
    ORDERS,
    TAGS,
    WANTED,
    customer_id,
    member,
    order,
    tags_in,
    write_csv,
)

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
RUN, PORTAL = "20261120T013000-000abcd", Portal("4711")
GONE = "gone@example.org"
OLD = {"membership_status_tags": "not_high_value_customer;hfo_buy", "total_order_value": "10"}
NEW = {"membership_status_tags": "high_value_customer;hfo_buy", "total_order_value": "1000.01"}
REQUEST = "8b9f2c4e-0000-4000-8000-000000000001"


@pytest.fixture
def installed(sandbox, set_up):
    """An installation whose last run accepted the sample exports and wrote to Ada and to somebody who left since."""
    goldpan = set_up(sandbox.url)
    goldpan.deliver(folder=goldpan.home / "kept")
    with state_of(goldpan) as state:
        begin(state, RUN)
        accept(state, goldpan)
        write(state, RUN, Change(ADA, Action.UPDATE, OLD, NEW, "101", "{}", "4102511", Cause.DATA), REQUEST)
        write(state, RUN, Change(GONE, Action.CREATE, {"total_order_value": ""}, {"total_order_value": "7"}, None, "{}",
                                 "4102999"))  # fmt: skip
    return goldpan


def state_of(goldpan):
    return State.open(f"sqlite:///{goldpan.home / 'state' / 'goldpan.sqlite'}")


def begin(state, run_id, **values):
    state.runs.start(
        run_id, destination="hubspot", as_of=date.fromisoformat(AS_OF), version="1", at=AT, **values
    )  # fmt: skip
    state.runs.reach(run_id, PORTAL)


def accept(state, goldpan, run_id=RUN):
    for kind in ("memberships", "orders"):
        path = goldpan.home / "kept" / f"{kind}.csv"
        state.inputs.add(run_id, StoredInput(kind, path.name, f"{kind}-{run_id}", path), rows=1)
    state.inputs.accept(run_id)


def write(state, run_id, change, correlation_id="", *, verdict=Verdict.APPLIED, reason=""):
    state.journal.plan(run_id, [change])
    state.journal.mark_sent(run_id, [change])
    outcome = Outcome(change.email, verdict, reason=reason, correlation_id=correlation_id)
    state.journal.record(run_id, [outcome], at=AT + timedelta(minutes=2))


def payload_of(goldpan, email):
    """What a run would confirm for a contact."""
    settings = load_settings(goldpan.config, home=goldpan.home, use_environment=False)
    frames = [
        read_export(Delivery(kind, goldpan.home / "kept" / f"{kind}.csv", kind), settings).frame
        for kind in ("memberships", "orders")
    ]
    refined = refine(*frames, date.fromisoformat(AS_OF), settings.config)
    desired = DesiredContacts(refined, settings.config)
    (contact,) = desired.contacts(desired.rows_of([email]))
    return contact.payload


# --- what is told -----------------------------------------------------------------------------------------------------


def test_it_tells_from_the_rows_to_the_tags_at_the_last_accepted_runs_date(installed):
    said = installed("explain", ADA)

    assert (said.exit_code, said.err) == (0, "")
    headline, *lines = said.out.splitlines()
    assert headline == f"Ada Lovelace · {ADA} as of {AS_OF}"
    for line in (
        "Membership rows of memberships.csv",
        f"  Row 2    {customer_id(1)} · Ada Lovelace · {ADA}",
        "  Row 2 counts: it is the only one that stays.",
        "  Active: expires on 2027-01-01, in 42 days.",
        "Orders of orders.csv",
        "  Row 2    900001 · 2026-10-01  1,000.00",
        f"  Customer {customer_id(1)}: 2 orders, 1,000.01",
        "  Total 1,000.01; estimated savings 80.00 (8 %)",
        "  ✓ High-Value Customer (high_value_customer)",
        "      ✓ total_order_value > 1000: 1,000.01",
        "  ✗ Expiring Soon, so Not Expiring Soon (not_expiring_soon)",
        "      ✗ days_until_expiration is from 0 to 30: 42",
    ):
        assert line in lines


def test_what_it_tells_is_what_a_run_gave_hubspot(goldpan, sandbox):
    goldpan.run()

    told = {email: goldpan("explain", email, "--json").json for email in WANTED}

    carried = {email: {tag["carried"]["value"] for tag in each["contact"]["tags"]} for email, each in told.items()}
    assert carried == tags_in(sandbox) == WANTED
    for each in told.values():
        applied = [write for write in each["hubspot"]["writes"] if write["verdict"] == "applied"]
        assert [(write["action"], write["after"]) for write in applied] == [("create", each["contact"]["wanted"])]
        assert [held["values"] for held in each["hubspot"]["confirmed"]] == [each["contact"]["wanted"]]


def test_a_renewal_says_what_it_continues_and_what_replaced_it(installed):
    said = installed("explain", DAN)

    assert "         → replaced by row 6" in said.out
    assert (
        "created on the day of the latest end before it, 2025-11-05: a renewal (the limit is 7 days after)" in said.out
    )
    assert "member since 2024-11-05, renewals: 1." in said.out
    assert "  Expired: expired on 2026-11-05, 15 days ago." in said.out


def test_every_write_is_told_with_time_run_values_and_hubspots_request(installed):
    said = installed("explain", ADA)

    assert said.out.rstrip().endswith(
        "Changes, the newest first\n"
        f"  2026-11-20 01:32 UTC  update: applied  (run {RUN} as of {AS_OF}, the data changed)\n"
        f"      HubSpot request {REQUEST}\n"
        f"      {TAGS}  +high_value_customer -not_high_value_customer\n"
        "      total_order_value  10 → 1000.01"
    )


def test_json_is_one_object_with_everything(installed):
    told = installed("explain", ADA, "--json").json

    assert (told["is_found"], told["as_of"]) == (True, AS_OF)
    contact = told["contact"]
    assert [(row["row"], row["cells"]["customer_id"]) for row in contact["rows"]] == [(2, customer_id(1))]
    assert [(row["row"], row["amount"], row["is_summed"]) for row in contact["orders"]] == [
        (2, "1000", True), (3, "0.01", True)
    ]  # fmt: skip
    assert (contact["total"], contact["savings"]) == ("1000.01", "80")
    assert contact["tags"][0]["rule"]["clauses"][0]["parts"] == [
        {"text": "total_order_value > 1000", "column": "total_order_value", "found": "1000.01", "holds": True}
    ]
    assert contact["tags"][0]["carried"] == {"value": "high_value_customer", "label": "High-Value Customer"}
    assert told["hubspot"]["writes"] == [
        {
            "destination": "hubspot", "portal_id": "4711", "email": ADA, "run_id": RUN, "run_kind": "run",
            "as_of": AS_OF, "at": "2026-11-20T01:32:00+00:00", "action": "update", "verdict": "applied", "reason": "",
            "message": "", "cause": "data", "record_id": "101", "correlation_id": REQUEST, "before": OLD, "after": NEW,
        }
    ]  # fmt: skip


def test_what_hubspot_confirmed_is_told_with_what_differs(installed):
    held = payload_of(installed, ADA)
    stale = held.replace("not_expiring_soon", "expiring_soon")
    with state_of(installed) as state:
        contacts = state.contacts_of("hubspot", PORTAL)
        contacts.confirm(
            {ADA: Confirmed("101", held), BEN: Confirmed("102", payload_of(installed, BEN))}, run_id=RUN, at=AT
        )
        same = installed("explain", ADA).out
        contacts.confirm({ADA: Confirmed("101", stale)}, run_id=RUN, at=AT)
        other = installed("explain", ADA)

    assert (
        f"  Record 101 confirmed 2026-11-20 01:30 UTC (run {RUN})\n      It holds what the exports above give." in same
    )
    assert f"      not yet as above: {TAGS}  +not_expiring_soon -expiring_soon" in other.out


def test_a_refusal_and_an_absence_are_told_with_their_age(installed):
    with state_of(installed) as state:
        contacts = state.contacts_of("hubspot", PORTAL)
        contacts.refuse({BEN: Refusal("{}", "INVALID_EMAIL", "Not an address", AT, AT)})
        contacts.mark_absent("gone", {CLEO: "{}"}, at=AT)

    refused, gone = installed("explain", BEN), installed("explain", CLEO)

    assert "last tried 2026-11-20 01:30 UTC: HubSpot: invalid e-mail." in refused.out
    assert "Not an address" in refused.out
    assert "  Deleted in HubSpot, since 2026-11-20 01:30 UTC." in gone.out


def test_what_was_only_held_or_refused_is_no_write_that_happened(installed):
    with state_of(installed) as state:
        begin(state, "20261121T013000-000abcd", kind="undo", parent_id=RUN)
        write(state, "20261121T013000-000abcd", Change(BEN, Action.UPDATE, OLD, NEW), verdict=Verdict.REFUSED,
              reason="INVALID_OPTION")  # fmt: skip
        begin(state, "20261122T013000-000abcd")
        state.journal.plan("20261122T013000-000abcd", [Change(BEN, Action.UPDATE, OLD, NEW)], verdict="held")

    writes = installed("explain", BEN, "--json").json["hubspot"]["writes"]

    assert [(write["run_kind"], write["verdict"], write["at"]) for write in writes] == [
        ("run", "held", "2026-11-20T01:30:00+00:00"), ("undo", "refused", "2026-11-20T01:32:00+00:00")
    ]  # fmt: skip


def test_long_lists_are_cut_and_say_what_is_left(installed):
    many = [*ORDERS, *(order(number, 2, "1.50") for number in range(10, 40))]
    write_csv(installed.home / "kept" / "orders.csv", many)
    with state_of(installed) as state:
        for day in range(12):
            run_id = f"202612{day + 10}T013000-000abcd"
            begin(state, run_id)
            write(state, run_id, Change(BEN, Action.UPDATE, {"a": str(day)}, {"a": str(day + 1)}))

    said, told = installed("explain", BEN).out, installed("explain", BEN, "--json").json

    assert "  … and 11 more rows, together 16.50; --json has them all" in said
    assert "  … and 2 older ones; --json has them all" in said
    assert (len(told["contact"]["orders"]), len(told["hubspot"]["writes"])) == (31, 12)


# --- which exports, which day -----------------------------------------------------------------------------------------


def test_named_exports_are_explained_instead_of_the_accepted_ones(installed, tmp_path):
    members = [*MEMBERS, member(8, "Gus Newman", "gus@example.org", "2026-11-01", "2027-11-01")]
    path = write_csv(tmp_path / "newer.csv", members)

    said = installed("explain", "gus@example.org", "--memberships", path, "--as-of", "2026-12-24", "--json")

    assert (said.exit_code, said.json["as_of"]) == (0, "2026-12-24")
    assert [export["file"] for export in said.json["contact"]["exports"]] == ["newer.csv", "orders.csv"]


def test_without_an_accepted_export_it_says_what_to_do(set_up):
    goldpan = set_up("")

    said = goldpan("explain", ADA)

    assert said.exit_code == 2
    assert "none was accepted yet. Name one: goldpan explain EMAIL --memberships FILE" in said.err
    assert not (goldpan.home / "state").exists()


# --- who is meant -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [GONE, "0004102999"])
def test_somebody_who_left_the_exports_is_told_from_the_journal(installed, asked):
    said, told = installed("explain", asked), installed("explain", asked, "--json").json

    assert said.exit_code == 0
    assert said.out.startswith("In no row of the exports as of 2026-11-20")
    assert (told["contact"], [write["email"] for write in told["hubspot"]["writes"]]) == (None, [GONE])


def test_a_contact_without_an_address_is_told_by_its_customer_id(installed):
    said = installed("explain", customer_id(6).lstrip("0"))

    assert said.out.startswith("Finn Unreached · no address as of 2026-11-20\nNever sent. ")
    assert "         ! Contact Email: Invalid e-mail address (not an address)." in said.out
    assert "  None was ever planned." in said.out


def test_a_question_that_leads_to_several_contacts_or_a_former_address_says_so(installed):
    rows = [
        member(1, "Ada", "old@example.org", "2025-01-01", "2026-01-01"),
        member(1, "Ada", ADA, "2026-01-01", "2027-01-01"),
        member(1, "Ada", BEN, "2020-01-01", "2021-01-01"),
    ]
    write_csv(installed.home / "kept" / "memberships.csv", rows)

    former, several = installed("explain", "old@example.org").out, installed("explain", customer_id(1)).out

    assert f"The address asked for stands in a row of this contact; HubSpot knows it as {ADA}." in former
    assert "Other contacts answer to that as well: see row 4. This one ranks first." in several
    assert "  Under another address, and so another contact, the same customer has row 4." in several


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_nobody_is_a_usage_error_that_says_how_to_look(installed, json_option):
    said = installed("explain", "nobody@example.org", *json_option)

    assert said.exit_code == 2
    assert "nobody@example.org" not in said.all
    assert "Try the other of the two" in said.all
    if json_option:
        assert said.json["is_found"] is False


def test_it_asks_hubspot_nothing_and_writes_nothing(installed, sandbox):
    installed("explain", ADA)  # SQLite makes its own files beside the state when it is first opened
    before = installed.tree()

    installed("explain", ADA, "--verbose")

    assert sandbox.requests == ()
    assert installed.tree() == before


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_nobody_elses_data_is_printed_and_nothing_is_logged(installed, json_option):
    said = installed("explain", ADA, "--verbose", *json_option)

    others = [row[name] for row in MEMBERS[1:] for name in ("Customer Name", "Contact Email")]
    others += [customer_id(number).lstrip("0") for number in (2, 3, 4, 5, 6, 99)]
    assert [value for value in [*others, GONE] if value in said.all] == []
    assert said.err == ""


def test_what_stands_in_cells_is_printed_as_it_is_and_never_runs(installed):
    odd = member(1, "Ada [red]Love\x1b[31mlace\nB", ADA, "2026-01-01", "2027-01-01")
    write_csv(installed.home / "kept" / "memberships.csv", [odd])

    said = installed("explain", ADA)

    assert said.out.startswith(f"Ada [red]Love [31mlace B · {ADA}")
