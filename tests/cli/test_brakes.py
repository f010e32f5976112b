"""A run beyond a limit writes nothing and waits for a person, on the second night as well; what time does is no reason.

Every promise at the command line, with files, against a portal over HTTP.
"""

import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.archive.folder import PLAN, PLAN_DATA
from sync.demo.samples import write_samples
from sync.state import tables as t
from sync.state.store import State
from tests.cli.crowds import COUNT, MANY, PAST, SOON, address, members, orders
from tests.cli.installation import AS_OF, HELD, MEMBERS, ORDERS, tags_in, writes_in
from tests.cli.kept import Kept
from tests.cli.test_run import assert_documented, counted
from tests.sandbox.hub import one

LATER = "2026-12-02"
"""Memberships that end ``SOON`` have ended."""
DAY_SECONDS = 86_400
EXAMPLES = f"For example {', '.join(['m***@example.org'] * 5)}."


def load_crowd(goldpan):
    goldpan.deliver(members(first={"Expiration Date": (MANY, SOON)}), orders())
    said = goldpan.run()
    assert (said.exit_code, said.json["contacts"]["created"]) == (0, COUNT), said.all


@pytest.fixture(scope="module")
def kept(tmp_path_factory, furnished_file):
    """An installation whose exports were accepted: 400 members, of whom 60 % lapse ``LATER``."""
    return Kept.after(load_crowd, folder=tmp_path_factory.mktemp("crowd"), portal=furnished_file)


def lapsing(count=COUNT, **first):
    """The accepted members with some cells changed."""
    return members(count, first={"Expiration Date": (MANY, SOON)} | first)


def causes(said):
    """How many changes of a plan time or data caused."""
    plan = json.loads((Path(said.json["archive"]) / PLAN_DATA).read_text(encoding="utf-8"))
    return {
        cause: sum(change["cause"] == cause for change in plan["changes"])
        for cause in {change["cause"] for change in plan["changes"]}
    }


def assert_held(goldpan, said, brakes):
    """Held for these reasons, with everything that a person needs to decide."""
    assert_documented(said.json)
    assert (said.exit_code, said.json["status"]) == (HELD, "held"), said.all
    assert goldpan.brakes(said.json["run_id"]) == brakes
    *reasons, advice = said.json["problems"]
    assert [reason.startswith("Held: ") and " The limit: " in reason for reason in reasons] == [True] * len(brakes)
    assert advice.endswith(f"goldpan run --approve {said.json['fingerprint']}")
    folder = Path(said.json["archive"])
    assert [(folder / name).is_file() for name in (PLAN, PLAN_DATA)] == [True, True]
    assert "@" not in said.all.replace("m***@example.org", "")


# --- each limit, at it and beyond it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "brakes", "says"),
    [
        pytest.param(
            ((lapsing(**{"Original Pu": (40, "")}), orders()), (lapsing(**{"Original Pu": (41, "")}), orders())),
            ["tag_loss"],
            f"41 of 400 contacts lose the tag HFO Buy. The limit: 10% of its contacts and 25. {EXAMPLES}",
            id="tag_loss",
        ),
        pytest.param(
            ((lapsing(**{"Customer Name": (100, "New {}")}), orders()),
             (lapsing(**{"Customer Name": (101, "New {}")}), orders())),
            ["changed"],
            f"101 contacts would change; HubSpot has 400 of Goldpan's. The limit: 20% of them and 100. {EXAMPLES}",
            id="changed",
        ),
        pytest.param(
            ((lapsing(COUNT + 100), orders()), (lapsing(COUNT + 101), orders())),
            ["created"],
            f"101 contacts would be created; HubSpot has 400 of Goldpan's. The limit: 5% of them and 100. {EXAMPLES}",
            id="created",
        ),
        pytest.param(
            ((lapsing(360), orders()), (lapsing(359), orders())),
            ["fewer_rows", "fewer_contacts"],
            "359 rows in the memberships export, 10.2% fewer than the 400 accepted last. The limit: 10% fewer.",
            id="fewer_rows of memberships",
        ),
        pytest.param(
            ((lapsing(), orders(90)), (lapsing(), orders(89))),
            ["fewer_rows"],
            "89 rows in the orders export, 11.0% fewer than the 100 accepted last. The limit: 10% fewer.",
            id="fewer_rows of orders",
        ),
        pytest.param(
            ((lapsing(**{"Cust ID": (41, "0004102510")}), orders()),
             (lapsing(**{"Cust ID": (42, "0004102510")}), orders())),
            ["fewer_contacts"],
            "359 contacts, 10.2% fewer than the 400 accepted last. The limit: 10% fewer.",
            id="fewer_contacts",
        ),
        pytest.param(
            ((lapsing(), orders(last="-190.00")), (lapsing(), orders(last="-190.01"))),
            ["order_sum_loss"],
            "All orders add up to 800, 20.0% less than the 1,000 accepted last. The limit: 20% less.",
            id="order_sum_loss",
        ),
        pytest.param(
            ((lapsing(**{"Contact Email": (20, "nobody")}), orders()),
             (lapsing(**{"Contact Email": (21, "nobody")}), orders())),
            ["unsendable_rise"],
            "21 contacts (5.2%) have no valid address, up from 0 (0.0%). The limit: up by 5 points.",
            id="unsendable_rise",
        ),
        pytest.param(
            ((lapsing(Membership=(380, "")), orders()), (lapsing(Membership=(381, "")), orders())),
            ["column_emptied"],
            "The column memberships.membership has a value in 4.8% of the rows; it was 100.0%. "
            "The limit: a column that was 50% filled falls under 5%.",
            id="column_emptied",
        ),
    ],
)  # fmt: skip
def test_beyond_a_limit_nothing_is_written_on_any_night(loaded, sandbox, case, brakes, says):
    at, beyond = case
    written = writes_in(sandbox)
    loaded.deliver(*at)
    within = loaded.plan("--dry-run")
    assert (within.exit_code, within.json["problems"]) == (0, [])
    loaded.deliver(*beyond)

    tried = loaded.plan("--dry-run")
    nights = [loaded.plan(), loaded.plan("--as-of", "2026-11-21")]

    assert (tried.exit_code, tried.json["problems"][:-1]) == (HELD, nights[0].json["problems"][:-1])
    for said in nights:
        assert_held(loaded, said, brakes)
        assert said.json["problems"][0].startswith(f"Held: {says}")
    assert writes_in(sandbox) == written


def test_within_every_limit_a_night_is_sent(loaded):
    loaded.deliver(lapsing(COUNT + 60, **{"Customer Name": (60, "New {}"), "Original Pu": (40, "")}), orders(95))

    assert counted(loaded.plan().json) == {"total": 460, "created": 60, "updated": 65, "unchanged": 335}


def test_a_held_export_never_becomes_the_yardstick(loaded):
    """Three nights, each a tenth fewer than the night before: compared with what was accepted, not with what came."""
    for count in (350, 320, 300):
        loaded.deliver(lapsing(count), orders())
        said = loaded.plan()

    assert_held(loaded, said, ["fewer_rows", "fewer_contacts"])
    assert "300 contacts, 25.0% fewer than the 400 accepted last" in said.json["problems"][1]


def test_what_a_dry_run_saw_never_becomes_the_yardstick(loaded):
    loaded.deliver(lapsing(361), orders())
    assert loaded.plan("--dry-run").exit_code == 0
    loaded.deliver(lapsing(350), orders())

    assert_held(loaded, loaded.plan(), ["fewer_rows", "fewer_contacts"])


def test_slow_losses_that_were_each_accepted_are_not_held(loaded):
    for count in (361, 330, 300):
        loaded.deliver(lapsing(count), orders())

        assert loaded.plan().exit_code == 0


def test_the_limits_are_those_of_the_config_and_may_be_changed_without_planning_anew(loaded):
    loaded.deliver(lapsing(**{"Customer Name": (101, "New {}")}), orders())
    held = loaded.plan()
    loaded.configure("goldpan.toml", ("changed_contacts = 100", "changed_contacts = 101"))

    assert loaded.plan("--dry-run").exit_code == 0
    assert counted(loaded.approve(held).json)["updated"] == 101


def test_contacts_that_are_missing_are_named_as_examples(loaded):
    loaded.deliver(lapsing(300), orders())

    said = loaded.plan()

    assert said.json["problems"][1].endswith(EXAMPLES)


# --- the age of an export ---------------------------------------------------------------------------------------------


def age(path, days):
    """Let an export have come so many days ago."""
    arrived_at = time.time() - days * DAY_SECONDS
    os.utime(path, (arrived_at, arrived_at))


def test_an_export_that_came_more_than_seven_days_ago_is_held_and_one_that_came_yesterday_is_not(loaded, sandbox):
    written = writes_in(sandbox)
    _, orders_file = loaded.deliver(lapsing(**{"Customer Name": (1, "New {}")}), orders())
    age(orders_file, 8)

    nights = [loaded.plan(), loaded.plan()]

    for said in nights:
        assert_held(loaded, said, ["export_age"])
        assert said.json["problems"][0] == (
            "Held: The orders export orders.csv is 8.0 days old; no newer one has come. The limit: 7 days."
        )
    assert writes_in(sandbox) == written
    age(orders_file, 1.2)
    assert "has tonight's not arrived" not in loaded.plan().err


def test_an_export_that_came_more_than_30_hours_ago_is_sent_and_said(loaded):
    memberships_file, _ = loaded.deliver(lapsing(**{"Customer Name": (1, "New {}")}), orders())
    age(memberships_file, 2)

    said = loaded.plan()

    assert counted(said.json)["updated"] == 1
    assert "The memberships export memberships.csv is 48 hours old: has tonight's not arrived?" in said.err


def test_the_date_in_its_name_goes_before_its_arrival(loaded):
    memberships_file, orders_file = loaded.deliver()
    memberships_file = memberships_file.rename(loaded.inbox / "memberships-2026-11-10.csv")
    orders_file = orders_file.rename(loaded.inbox / f"orders-{AS_OF}.csv")
    age(orders_file, 30)

    said = loaded.plan("--memberships", memberships_file, "--orders", orders_file)

    reasons = [reason for reason in said.json["problems"] if "days old" in reason]
    assert [reason.split(" is ")[0] for reason in reasons] == [
        "Held: The memberships export memberships-2026-11-10.csv"
    ]


def test_exports_that_nobody_renews_are_held_in_the_end_though_they_were_accepted(loaded):
    """What was accepted is as old as the run that took it first."""
    for path in loaded.inbox.iterdir():
        path.unlink()
    with (
        State.open(f"sqlite:///{loaded.home / 'state' / 'goldpan.sqlite'}") as state,
        state.engine.begin() as connection,
    ):
        connection.execute(update(t.runs).values(started_at=datetime.now(UTC) - timedelta(days=8)))

    assert_held(loaded, loaded.plan("--as-of", LATER), ["export_age", "export_age"])


# --- time and data ----------------------------------------------------------------------------------------------------


def test_a_night_on_which_most_memberships_lapse_by_the_calendar_is_sent(loaded, sandbox):
    said = loaded.plan("--as-of", LATER)

    assert (said.exit_code, counted(said.json)) == (0, {"total": COUNT, "updated": MANY, "unchanged": COUNT - MANY})
    assert sum("not_active_membership" in tags for tags in tags_in(sandbox).values()) == MANY


def test_tonights_new_export_beside_it_is_sent_too(loaded):
    loaded.deliver(lapsing(COUNT + 50, **{"Customer Name": (50, "New {}")}), orders())

    assert counted(loaded.plan("--as-of", LATER).json) == {
        "total": COUNT + 50, "created": 50, "updated": MANY, "unchanged": COUNT - MANY,
    }  # fmt: skip


def test_contacts_that_change_and_lapse_in_one_night_lose_their_tag_to_time(loaded):
    """A quarter of them has a new name as well; the names are data, the lost tags are not."""
    loaded.deliver(lapsing(**{"Customer Name": (100, "New {}")}), orders())

    said = loaded.plan("--as-of", LATER)

    assert (said.exit_code, said.json["contacts"]["updated"]) == (0, MANY)


def test_the_same_number_of_changes_caused_by_data_is_held(loaded):
    loaded.deliver(lapsing(**{"Expiration Date": (MANY, PAST)}), orders())

    said = loaded.plan()

    assert_held(loaded, said, ["tag_loss", "tag_loss", "changed"])
    assert causes(said) == {"data": MANY}


def test_a_held_plan_tells_what_time_caused_from_what_data_caused(loaded):
    rows = lapsing(**{"Customer Name": (110, "New {}")})
    loaded.deliver(rows, orders())

    said = loaded.plan("--as-of", LATER)

    assert_held(loaded, said, ["changed"])
    assert causes(said) == {"data": 110, "time": MANY - 110}


def test_a_run_held_for_its_history_tells_causes_too(goldpan):
    assert goldpan.run("--as-of", LATER).exit_code == 0

    said = goldpan.plan()

    assert (said.exit_code, goldpan.brakes()) == (HELD, ["earlier_day"])
    assert causes(said) == {"time": 2}  # Ben lapsed, Eve renewed a while ago


def test_an_edited_threshold_is_data(loaded, sandbox):
    written = writes_in(sandbox)
    until = 'column = "days_until_expiration", between = [0, {}]'
    loaded.configure("tags.toml", (until.format(30), until.format(5)))

    said = loaded.plan()

    assert_held(loaded, said, ["tag_loss", "changed"])
    assert causes(said) == {"data": MANY}
    assert writes_in(sandbox) == written


def test_a_tag_that_is_retired_is_data(loaded):
    text = (loaded.config / "tags.toml").read_text(encoding="utf-8")
    start = text.index('[[tag]]\nvalue = "hfo_buy"')
    (loaded.config / "tags.toml").write_text(text[:start] + text[text.index("[[tag]]", start + 1) :], encoding="utf-8")

    said = loaded.plan()

    assert_held(loaded, said, ["tag_loss", "changed"])
    assert "400 of 400 contacts lose the tag hfo_buy." in said.json["problems"][0]
    assert causes(said) == {"data": COUNT}


def test_an_edit_that_had_nothing_to_change_is_part_of_what_was_accepted(loaded):
    """The config of a night without changes is the one that the next night's are compared with."""
    loaded.configure("goldpan.toml", ("high_value_above = 1000", "high_value_above = 999"))
    assert counted(loaded.plan().json) == {"total": COUNT, "unchanged": COUNT}

    assert loaded.plan("--as-of", LATER).exit_code == 0


def test_creating_whom_the_config_left_out_before_is_data(goldpan, sandbox, hub):
    """The exports implied these contacts all the time; the edit makes them."""
    assert hub.upsert(*(one(address(number)) for number in range(10))).status == 200
    goldpan.configure("contacts.toml", ('create = "all"', 'create = "none"'))
    goldpan.deliver(members(), orders())
    assert counted(goldpan.run().json) == {"total": COUNT, "updated": 10, "not_wanted": COUNT - 10}
    goldpan.configure("contacts.toml", ('create = "none"', 'create = "all"'))

    said = goldpan.plan()

    assert_held(goldpan, said, ["created"])
    assert len(sandbox.contacts()) == 10


def test_sending_to_those_who_are_suppressed_no_more_is_data(goldpan, sandbox):
    goldpan.deliver(members(), orders())
    suppressed = goldpan.config / "suppressed.txt"
    suppressed.write_text("".join(f"{address(number)}\n" for number in range(150)), encoding="utf-8")
    assert counted(goldpan.run().json) == {"total": COUNT, "created": 250, "suppressed": 150}
    suppressed.unlink()

    said = goldpan.plan()

    assert_held(goldpan, said, ["created"])
    assert causes(said) == {"data": 150}


def test_clearing_those_who_left_long_ago_because_of_an_edit_is_data(loaded):
    loaded.deliver(lapsing(280), orders())
    assert counted(loaded.approve(loaded.plan()).json) == {"total": 280, "unchanged": 280}
    loaded.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))

    said = loaded.plan()

    assert "changed" in loaded.brakes(said.json["run_id"])
    assert causes(said) == {"data": 120}


def test_after_an_upgrade_of_goldpan_every_change_counts_as_data(loaded):
    """Last night's code can't be asked any more what it implied; a defect of the new one must not pass as time."""
    with closing(sqlite3.connect(loaded.home / "state" / "goldpan.sqlite")) as state, state:
        state.execute("UPDATE runs SET goldpan_version = '0.0.1'")

    said = loaded.plan("--as-of", LATER)

    assert_held(loaded, said, ["tag_loss", "tag_loss", "changed"])
    assert causes(said) == {"data": MANY}
    assert "Goldpan was another version" in said.err


def test_where_the_accepted_exports_are_gone_every_change_counts_as_data(loaded):
    for path in (loaded.home / "archive" / "inputs").rglob("*.csv"):
        path.unlink()
    loaded.deliver(lapsing(**{"Customer Name": (1, "New {}")}), orders())

    said = loaded.plan("--as-of", LATER)

    assert_held(loaded, said, ["tag_loss", "tag_loss", "changed"])
    assert "gone from the archive" in said.err


# --- the first load ---------------------------------------------------------------------------------------------------


def test_the_first_load_is_held_on_every_night_until_somebody_approves_it(goldpan, sandbox):
    nights = [goldpan.plan(), goldpan.plan("--as-of", "2026-11-21")]

    for said in nights:
        assert (said.exit_code, goldpan.brakes(said.json["run_id"])) == (HELD, ["first_load"])
    assert sandbox.contacts() == {}
    assert counted(goldpan.approve(nights[1]).json) == {"total": 6, "created": 5, "unsendable": 1}
    assert goldpan.plan("--as-of", "2026-11-21").exit_code == 0


def test_the_first_load_stays_one_though_some_contacts_are_in_hubspot_as_they_should_be(goldpan, sandbox):
    """They are known from then on, without anybody having approved anything."""
    goldpan.run()
    (goldpan.home / "state" / "goldpan.sqlite").unlink()
    goldpan.deliver([*members(40)[20:], *MEMBERS], ORDERS)
    written = writes_in(sandbox)

    nights = [goldpan.plan(), goldpan.plan()]

    assert [goldpan.brakes(said.json["run_id"]) for said in nights] == [["first_load"]] * 2
    assert [counted(said.json)["unchanged"] for said in nights] == [5, 5]
    assert writes_in(sandbox) == written


def test_a_canary_into_a_new_portal_is_held_too_and_then_the_load_is_beyond_the_limit_for_new_ones(goldpan, sandbox):
    goldpan.deliver(members(), orders())

    canary = goldpan.plan("--only", address(7))

    assert_held(goldpan, canary, ["first_load"])
    assert sandbox.contacts() == {}
    assert counted(goldpan.approve(canary).json) == {"total": 1, "created": 1}
    everybody = goldpan.plan()
    assert_held(goldpan, everybody, ["created"])
    assert counted(goldpan.approve(everybody).json) == {"total": COUNT, "created": COUNT - 1, "unchanged": 1}


def test_the_embedded_sandbox_needs_no_approval_for_its_first_load(goldpan):
    goldpan.configure("goldpan.toml", ('destination = "hubspot" ', 'destination = "sandbox" '))
    goldpan("setup", "--yes")

    assert counted(goldpan.plan().json) == {"total": 6, "created": 5, "unsendable": 1}


def test_but_its_later_loads_are_held_as_everywhere(goldpan):
    goldpan.configure("goldpan.toml", ('destination = "hubspot" ', 'destination = "sandbox" '))
    goldpan("setup", "--yes")
    goldpan.deliver(members(), orders())
    assert goldpan.plan().exit_code == 0
    goldpan.deliver(members(300), orders())

    assert goldpan.plan().exit_code == HELD


def test_the_demo_is_never_held_on_a_later_day_either(goldpan):
    """Its samples tell the same story on each day, so that every contact changes."""
    goldpan.env = {}
    folder = goldpan.home / "goldpan-demo"
    config = ("--config", folder / "config")
    assert goldpan("demo").exit_code == 0
    (folder / "state" / "goldpan.sqlite").unlink()
    (folder / "sandbox.sqlite").unlink()
    assert goldpan("setup", "--yes", *config).exit_code == 0
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    exports = write_samples(folder / "inbox", yesterday)
    named = ("--memberships", exports[0], "--orders", exports[1])
    assert goldpan("run", "--as-of", yesterday, *named, *config).exit_code == 0

    said = goldpan("demo")

    assert (said.exit_code, ": done" in said.out) == (0, True)
