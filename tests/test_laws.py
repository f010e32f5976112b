"""The laws of RULES section 8: what holds for any input, tried on exports drawn to hit every boundary.

A run of the pipeline costs more than any check of it, so the laws that speak of one run share theirs.
"""

from datetime import timedelta

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.exports import add_individual_boolean_tags_for_excel, hubspot_csv
from goldpan.model import Sheet
from goldpan.pipeline import Refined, refine
from goldpan.steps.contacts import assign_contacts
from goldpan.steps.orders import link_repeated_orders
from goldpan.steps.renewals import deduplicate_memberships
from tests.builders import default_config
from tests.drawing import examples
from tests.reference.rows import Row, is_blank_row
from tests.steps.frames import by_row, plain
from tests.strategies import AS_OF, Exports, exports


def conformed(kind: str, rows: list[Row]) -> Export:
    headers = list(rows[0].cells)
    cells = [[row.cells.get(header) for header in headers] for row in rows]
    return conform([Sheet(kind, "", [headers, *cells])], getattr(default_config(), kind))


def refined(members: Export, bought: Export, days: int = 0) -> Refined:
    return refine(members.frame, bought.frame, AS_OF + timedelta(days=days), default_config())


# --- laws 1, 4 and 5: one run -----------------------------------------------------------------------------------------


@examples(70)
@given(drawn=exports())
def test_rows_and_money_add_up_and_every_contact_has_one_tag_of_each_pair(drawn):
    members, bought = conformed("memberships", drawn.memberships), conformed("orders", drawn.orders)

    got = refined(members, bought)

    assert_every_row_is_in_one_place(members, drawn.memberships, merged=got.merged_rows, kept_in="replaced_by")
    assert_every_row_is_in_one_place(bought, drawn.orders, merged=got.repeated_orders, kept_in="repeats_row")
    assert set(got.contacts["source_row"]) <= set(members.frame["source_row"]) - set(got.merged_rows["source_row"])
    assert_no_money_is_lost(got, members, bought)
    assert_one_tag_of_each_pair(got)


def assert_every_row_is_in_one_place(export: Export, drawn: list[Row], *, merged: pd.DataFrame, kept_in: str) -> None:
    """Law 1: rows in, down to the last that is not blank, are kept, merged or skipped, and only one of them."""
    last = max(row.number for row in drawn if not is_blank_row(row))
    rows_in = range(2, last + 1)
    rows = set(export.frame["source_row"])
    merged_rows = set(merged["source_row"])
    kept = rows - merged_rows

    assert len(rows) == len(export.frame)
    assert rows <= set(rows_in)
    assert merged_rows <= rows
    assert set(merged[kept_in]) <= kept
    assert export.rows_read == len(rows_in) == len(kept) + len(merged_rows) + sum(export.skipped.values())
    assert set(export.findings["row"]) <= rows


def assert_no_money_is_lost(got: Refined, members: Export, bought: Export) -> None:
    """Law 4: customers + unmatched + blank-id orders are the readable amounts of the orders that count, exactly."""
    counting = bought.frame[~bought.frame["source_row"].isin(got.repeated_orders["source_row"])]
    amounts = [
        (plain(key), int(micros))
        for key, micros in zip(counting["customer_id_key"], counting["total_value_micros"], strict=True)
        if not pd.isna(micros)
    ]
    known = set(members.frame["customer_id_key"].dropna())

    assert got.money.total == sum(micros for _, micros in amounts)
    assert got.money.customers == sum(micros for key, micros in amounts if key in known)
    assert got.money.unmatched == sum(micros for key, micros in amounts if key is not None and key not in known)
    assert got.money.blank_id == sum(micros for key, micros in amounts if key is None)
    assert got.money.customers + int(got.prospects["total_order_value_micros"].sum()) == got.money.total


def assert_one_tag_of_each_pair(got: Refined) -> None:
    """Law 5, in the values that are sent and in the truth columns of the analysis."""
    tags = default_config().tags
    shown = add_individual_boolean_tags_for_excel(got.contacts, tags)

    for values in got.contacts["membership_status_tags"]:
        for tag, value in zip(tags, values.split(";"), strict=True):
            assert value in {option.value for option in tag.options()}
    for tag in tags:
        assert (shown[f"{tag.label} (True)"] != shown[f"{tag.label} (False)"]).all()
    assert got.contacts["email"].dropna().is_unique


# --- law 2: the order of the rows -------------------------------------------------------------------------------------


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[Exports, Exports]:
    """Both exports without ties, and again with their rows in another order; what ends the sheet stays at its end."""
    drawn = draw(exports())
    members = without_ties(drawn.memberships)
    return Exports(members, drawn.orders), Exports(draw(moved(members)), draw(moved(drawn.orders)))


def without_ties(rows: list[Row]) -> list[Row]:
    """One row per pair of dates: of two rows alike in both, the order of the file decides."""
    frame = conformed("memberships", rows).frame
    tied = set(frame.loc[frame.duplicated(["created_on", "expires_on"]), "source_row"])
    left = [row for row in rows if row.number not in tied]
    return [Row(number, row.cells) for number, row in enumerate(left, 2)]


def moved(rows: list[Row]) -> st.SearchStrategy[list[Row]]:
    kind = "memberships" if "Cust ID" in rows[0].cells else "orders"
    last = int(conformed(kind, rows).frame["source_row"].max())
    body, end = [row.cells for row in rows if row.number <= last], [row.cells for row in rows if row.number > last]
    return st.permutations(body).map(lambda cells: [Row(number, c) for number, c in enumerate([*cells, *end], 2)])


VALUES = [
    "email", "customer_name", "created_on", "start_on", "expires_on", "original_purchase", "membership", "member_since",
    "renewals", "days_until_expiration", "days_since_start", "membership_category", "customer_ids",
    "total_order_value_micros", "membership_status_tags", "customer_id_key",
]  # fmt: skip


def values_of(result: Refined) -> list[tuple[str, ...]]:
    """Every contact's values; which spelling of an id leaves is that of its row, so it is among them by its key."""
    return sorted(tuple(str(plain(value)) for value in row) for row in result.contacts[VALUES].itertuples(index=False))


@examples(50)
@given(pair=shuffled())
def test_shuffling_the_rows_changes_no_contact(pair):
    one, other = (refined(conformed("memberships", d.memberships), conformed("orders", d.orders)) for d in pair)

    assert values_of(one) == values_of(other)
    assert one.money == other.money
    assert sorted(map(str, one.contacts["customer_id"])) == sorted(map(str, other.contacts["customer_id"]))


# --- law 3: the same again --------------------------------------------------------------------------------------------


@examples(30)
@given(drawn=exports(), labels=st.randoms(use_true_random=False))
def test_the_same_inputs_give_the_same_bytes(drawn, labels):
    """Also with frames that another run has read, whose rows carry other labels."""
    members, bought = conformed("memberships", drawn.memberships), conformed("orders", drawn.orders)
    tags = default_config().tags
    again = [conformed(kind, getattr(drawn, kind)).frame for kind in ("memberships", "orders")]
    relabelled = [frame.set_index(pd.Index(labels.choices(range(5), k=len(frame)))) for frame in again]

    one, other = refined(members, bought), refine(*relabelled, AS_OF, default_config())

    assert hubspot_csv(one.contacts, tags).encode() == hubspot_csv(other.contacts, tags).encode()
    pd.testing.assert_frame_equal(one.contacts, other.contacts)
    for table in ("merged_rows", "repeated_orders", "prospects", "shared_emails", "notes"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))


# --- law 6: time goes on ----------------------------------------------------------------------------------------------

COURSE = ["active", "expiring_soon", "expired"]


@examples(30)
@given(
    drawn=exports(),
    steps=st.lists(st.sampled_from([1, 2, 29, 30, 31, 365]), min_size=2, max_size=2),
    first=st.sampled_from([-400, -31, -30, -1, 0, 1]),
)
def test_a_contact_with_one_chain_goes_from_active_to_expired_and_never_back(drawn, steps, first):
    members, bought = conformed("memberships", drawn.memberships), conformed("orders", drawn.orders)
    stays = assign_contacts(deduplicate_memberships(members.frame))
    chains = stays["contact_key"].value_counts()
    days = [first, first + steps[0], first + sum(steps)]

    nights = [refined(members, bought, days=day).contacts.set_index("contact_key") for day in days]

    for key in chains[chains == 1].index:
        course = [night.at[key, "membership_category"] for night in nights]
        assert course == ["unknown"] * 3 or course == sorted(course, key=COURSE.index)
        assert len({plain(night.at[key, "expires_on"]) for night in nights}) == 1
    assert all(set(night.index) == set(chains.index) for night in nights)


def test_repeated_orders_are_found_in_any_order():
    """Law 2 once more, for the one place where the first row counts: which one it is may change, the sums may not."""
    cells = [
        {"SAP ID": "0501", "Total Value": 5, "Sales Doc": "7"},
        {"SAP ID": 501, "Total Value": "$5.00", "Sales Doc": "007"},
        {"SAP ID": "501.0", "Total Value": 5.0, "Sales Doc": 7},
    ]

    for turn in range(3):
        rows = [Row(number, row) for number, row in enumerate(cells[turn:] + cells[:turn], 2)]
        assert by_row(link_repeated_orders(conformed("orders", rows).frame), "repeats_row") == {2: None, 3: 2, 4: 2}
