"""The plan says what would be sent and why, what holds it and how to approve it, to people and to programs."""

import json

import pandas as pd
import pytest

from goldpan.brakes import TagMovement, TrippedBrake
from goldpan.model import Action, Cause, Change, Outcome, Verdict
from goldpan.plan import AddressMove, Plan
from goldpan.reasons import REASONS
from goldpan.report import Planned, Table, changes_table, plan_json, plan_json_text, plan_tables
from goldpan.report.planned import NOT_SENT
from tests.builders import AS_OF, default_config

TAGS = "membership_status_tags"
CREATE = Change("ann@x.org", Action.CREATE, {"customer_id": ""}, {"customer_id": "7"}, cause=Cause.DATA)
UPDATE = Change(
    "bo@x.org", Action.UPDATE, {TAGS: "vip;hfo_buy"}, {TAGS: "not_hfo_buy;vip"}, record_id="12", cause=Cause.TIME
)
CLEAR = Change("cy@x.org", Action.CLEAR, {TAGS: "hfo_buy"}, {TAGS: ""}, record_id="13", cause=Cause.DATA)
BRAKE = TrippedBrake("tag_losses", "HFO Buy loses 40 of 100 contacts.", 40, "10 %, and 25", ("dan@x.org", "eve@x.org"))
MOVEMENT = TagMovement("hfo_buy", "HFO Buy", before=100, gains=3, losses=40, data_gains=1, data_losses=39)


def planned(**parts) -> Planned:
    return Planned(AS_OF, "0123456789abcdef", **parts)


def sheets(**parts) -> dict[str, Table]:
    return {table.name: table for table in plan_tables(planned(**parts), default_config())}


def section(tables: dict[str, Table], name: str, *columns: str) -> list[tuple]:
    frame = tables["Plan"].frame
    lines = frame.loc[frame["Section"].str.startswith(name), [*columns]].astype(object)
    return [tuple(line) for line in lines.where(lines.notna(), None).itertuples(index=False)]


def cells(table: Table, *columns: str) -> list[tuple]:
    return [tuple(row) for row in table.frame[[*columns]].itertuples(index=False)]


def test_the_plan_is_a_page_then_the_changes_then_who_is_left_alone():
    tables = sheets(changes=[CREATE])

    assert list(tables) == ["Plan", "Changes", "Left alone"]
    for table in tables.values():
        assert [column.header for column in table.columns] == list(table.frame.columns)
        assert table.frame.index.equals(pd.RangeIndex(len(table.frame)))


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_held_plan_says_what_holds_it_and_how_to_approve_it_and_shows_nobodys_address():
    tables = sheets(brakes=[BRAKE])

    assert section(tables, "This plan", "What", "Value") == [
        ("Held", "Nothing is written to HubSpot before a person approves this plan."),
        ("As of", "2026-11-20"),
        ("Fingerprint", "0123456789abcdef"),
    ]
    assert section(tables, "Limits", "What", "Value") == [
        ("Tag losses", "HFO Buy loses 40 of 100 contacts."),
        ("   found", "40"),
        ("   limit", "10 %, and 25"),
        ("   for example", "d***@x.org, e***@x.org"),
    ]
    assert ("If it is right", "goldpan run --approve 0123456789abcdef") in section(
        tables, "What to do", "What", "Value"
    )


def test_a_plan_within_all_limits_asks_for_no_approval():
    tables = sheets(changes=[CREATE], remark="A dry run.")

    assert section(tables, "This plan", "What")[:2] == [("Not held",), ("Important",)]
    assert section(tables, "Limits", "What") == [("None",)]
    assert not any("approve" in str(value) for (value,) in section(tables, "What to do", "Value"))


@pytest.mark.parametrize(
    ("found", "words"), [(8244, "8,244"), (0.2213, "0.2213"), (37.5, "37.5"), (1_204_500, "1,204,500")]
)
def test_what_a_brake_found_reads_as_a_number(found, words):
    tables = sheets(brakes=[TrippedBrake("order_sum", "Less.", found, "20 %")])

    assert ("   found", words) in section(tables, "Limits", "What", "Value")


def test_the_page_counts_every_contact_and_how_many_change_because_of_data():
    counts = {"unchanged": 5, "unsendable": 1, "gone": 1, "held": 3, "total": 10}

    tables = sheets(changes=[CREATE, UPDATE, CLEAR], counts=counts)

    lines = section(tables, "Contacts", "What", "Value", "Because of Data", "Share")
    assert lines == [
        ("To create", 1, 1, 0.1),
        ("To update", 1, 0, 0.1),
        ("To clear", 1, 1, 0.1),
        ("Unchanged", 5, None, 0.5),
        ("No valid address", 1, None, 0.1),
        ("Deleted in HubSpot", 1, None, 0.1),
    ]


def test_each_tag_shows_what_it_gains_and_loses_and_how_much_of_it_is_data():
    tables = sheets(tags=[MOVEMENT, TagMovement("vip", "VIP", 0, 0, 0, 0, 0)])

    columns = ("What", "Value", "Before", "Gains", "Losses", "After", "Because of Data", "Share", "Remark")
    assert section(tables, "Tags", *columns) == [
        ("HFO Buy", "hfo_buy", 100, 3, 40, 63, 40, 0.4, "Because of data 1 gain it and 39 lose it."),
        ("VIP", "vip", 0, 0, 0, 0, 0, None, None),
    ]


# --- Changes ----------------------------------------------------------------------------------------------------------


def test_every_property_that_differs_is_a_row_with_its_cause_and_old_and_new():
    changes = sheets(changes=[CREATE, UPDATE, CLEAR])["Changes"]

    assert cells(changes, *changes.frame.columns) == [
        ("ann@x.org", "Create", "Data", "Customer ID", "", "7", ""),
        ("bo@x.org", "Update", "Time", "Membership Status Tags", "vip; HFO Buy", "Not HFO Buy; vip",
         "added: Not HFO Buy | removed: HFO Buy"),
        ("cy@x.org", "Clear", "Data", "Membership Status Tags", "HFO Buy", "", "removed: HFO Buy"),
    ]  # fmt: skip
    assert list(changes.frame.columns) == [
        "Contact Email", "Action", "Cause", "Property", "Before", "After", "Added or Removed",
    ]  # fmt: skip


def test_the_analysis_tells_the_same_changes_with_what_came_of_them():
    outcomes = {"bo@x.org": Outcome("bo@x.org", Verdict.APPLIED)}

    told = changes_table([CREATE, UPDATE], outcomes, default_config())

    plan = sheets(changes=[CREATE, UPDATE])["Changes"]
    pd.testing.assert_frame_equal(told.frame[plan.frame.columns], plan.frame)
    assert told.frame["Outcome"].tolist() == ["Not sent", "Applied"]


def test_the_rows_of_a_change_stand_together_in_the_order_of_the_properties():
    values = {"customer_id": "7", TAGS: "vip", "customer_name": "Ann"}
    both = [Change(email, Action.CREATE, dict.fromkeys(values, ""), values) for email in ("b@x.org", "a@x.org")]

    changes = sheets(changes=both)["Changes"]

    names = ["Membership Status Tags", "Customer ID", "Customer Name"]
    assert cells(changes, "Contact Email", "Property") == [
        (email, name) for email in ("b@x.org", "a@x.org") for name in names
    ]


def test_a_plan_without_changes_keeps_its_headers():
    tables = sheets()

    assert len(tables["Changes"].frame) == len(tables["Left alone"].frame) == 0
    assert section(tables, "To look at", "What", "Value") == [("Nobody", 0)]


# --- Left alone -------------------------------------------------------------------------------------------------------

LEFT = [
    ("not_wanted", "new@x.org", ""),
    ("same_record", "two@x.org", "the same HubSpot record as one@x.org"),
    ("address_moved", "old@x.org", "now new@x.org: merge the two contacts in HubSpot"),
]


def test_whoever_is_left_alone_is_listed_with_why_and_what_to_do():
    refused = Outcome("bad@x.org", Verdict.REFUSED, reason="INVALID_EMAIL", message="No.", correlation_id="7")

    tables = sheets(left_alone=LEFT, refused={"bad@x.org": refused})

    assert cells(tables["Left alone"], "Contact Email", "Why", "Details") == [
        ("bad@x.org", "HubSpot: invalid e-mail", "No. (HubSpot request 7)"),
        ("two@x.org", "Same record in HubSpot", "the same HubSpot record as one@x.org"),
        ("old@x.org", "Customer with a new address", "now new@x.org: merge the two contacts in HubSpot"),
        ("new@x.org", "Not to be created", ""),
    ]
    assert (tables["Left alone"].frame[["What It Means", "What to Do"]] != "").all(axis=None)
    assert [value for _, value in section(tables, "To look at", "What", "Value")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "code",
    ["same_record", "gone", "not_wanted", "suppressed", "moved", "address_changed_in_hubspot", "dropped_option",
     "address_moved", "OBJECT_NOT_FOUND", "MISSING_REQUIRED_PROPERTY", "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
     "interrupted"],
)  # fmt: skip
def test_every_reason_to_leave_a_contact_alone_says_what_to_do(code):
    left_alone = sheets(left_alone=[(code, "a@x.org", "")])["Left alone"]

    assert cells(left_alone, "Why", "What to Do") == [(REASONS[code].title, REASONS[code].advice)]
    assert REASONS[code].advice


def test_whatever_a_plan_leaves_alone_is_explained():
    plan = Plan(
        AS_OF,
        same_record={"a@x.org": "b@x.org"},
        gone=("c@x.org",),
        not_wanted=("d@x.org",),
        dropped_options={"e@x.org": ("board",)},
        addresses_changed={"f@x.org": "g@x.org"},
        address_moves=(AddressMove("h@x.org", "i@x.org", "7"),),
    )

    left_alone = sheets(left_alone=tuple(plan.left_alone()))["Left alone"]

    assert cells(left_alone, "Contact Email", "Why") == [
        ("a@x.org", "Same record in HubSpot"),
        ("c@x.org", "Deleted in HubSpot"),
        ("f@x.org", "Address changed in HubSpot"),
        ("e@x.org", "Option that HubSpot no longer has"),
        ("h@x.org", "Customer with a new address"),
        ("d@x.org", "Not to be created"),
    ]


# --- as data ----------------------------------------------------------------------------------------------------------


def test_the_plan_as_data_holds_all_of_it_under_stable_keys():
    whole = planned(
        changes=[CREATE, UPDATE], counts={"unchanged": 5, "total": 9}, tags=[MOVEMENT], brakes=[BRAKE], left_alone=LEFT
    )

    made = json.loads(json.dumps(plan_json(whole)))

    assert made == {
        "as_of": "2026-11-20",
        "fingerprint": "0123456789abcdef",
        "counts": {"create": 1, "update": 1, "clear": 0, **dict.fromkeys(NOT_SENT, 0), "unchanged": 5},
        "brakes": [
            {"name": "tag_losses", "what": "HFO Buy loses 40 of 100 contacts.", "found": 40, "limit": "10 %, and 25",
             "examples": ["dan@x.org", "eve@x.org"]},
        ],
        "tags": [
            {"value": "hfo_buy", "label": "HFO Buy", "before": 100, "gains": 3, "losses": 40, "after": 63,
             "data_gains": 1, "data_losses": 39},
        ],
        "changes": [
            {"email": "ann@x.org", "action": "create", "cause": "data", "record_id": None,
             "before": {"customer_id": ""}, "after": {"customer_id": "7"}},
            {"email": "bo@x.org", "action": "update", "cause": "time", "record_id": "12",
             "before": {TAGS: "vip;hfo_buy"}, "after": {TAGS: "not_hfo_buy;vip"}},
        ],
        "left_alone": [
            {"email": email, "reason": code, "details": details} for code, email, details in (*LEFT[1:], LEFT[0])
        ],
    }  # fmt: skip


def test_a_plan_of_nothing_has_all_its_keys():
    made = plan_json(planned())

    assert list(made) == ["as_of", "fingerprint", "counts", "brakes", "tags", "changes", "left_alone"]
    assert set(made["counts"].values()) == {0}


@pytest.mark.parametrize("times", [0, 1, 999, 1000, 1001])
def test_the_text_of_a_plan_is_that_of_its_data(times):
    line = ("not_wanted", "renée@x.org", 'said "no"\n')
    plan = planned(changes=[CREATE, UPDATE] * times, left_alone=[line] * times, brakes=[BRAKE], tags=[MOVEMENT])

    assert "".join(plan_json_text(plan)) == json.dumps(plan_json(plan), ensure_ascii=False)
