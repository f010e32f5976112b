"""Several exports of one kind are as one: every row keeps its place, its columns, and what the rules make of it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goldpan.config import Config
from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.facts import facts_of
from goldpan.model import Cell, CellError, Sheet
from goldpan.pipeline import Refined, refine
from goldpan.places import Part, RowPlace, headers_of_rows, place_of_row, places_of_rows
from goldpan.union import unite_exports
from tests.builders import AS_OF, default_config, memberships, orders, refined
from tests.drawing import examples
from tests.reference.rows import Row
from tests.strategies import exports

JANE = {
    "Cust ID": "00121", "Customer Name": "Jane", "Contact Email": "jane@x.org", "Created Date": date(2026, 1, 1),
    "Expiration Date": date(2026, 12, 31),
}  # fmt: skip
BO = JANE | {"Cust ID": "7", "Customer Name": "Bo", "Contact Email": "bo@x.org"}
ORDER = {"SAP ID": 121, "Total Value": 5, "Sales Doc": "A1", "Plant": "P1"}
DOUBLE = "customer_in_several_exports"


def export_of(
    kind: str,
    *rows: Mapping[str, Cell],
    file: str = "export.xlsx",
    sheet: str = "Data",
    above: int = 0,
    config: Config | None = None,
) -> Export:
    """One file of a kind, its header below some rows of a title."""
    headers = list(dict.fromkeys(header for row in rows for header in row))
    cells = [[row.get(header) for header in headers] for row in rows]
    config = config or default_config()
    spec = getattr(config, kind)
    by_name = config.rules.match_on == "customer_name"
    return conform([Sheet(file, sheet, [["A title"]] * above + [headers, *cells])], spec, name_keys_for_all=by_name)


def north_and_south(*south: Mapping[str, Cell], north: Sequence[Mapping[str, Cell]] = (JANE,)) -> Export:
    """Two membership files, the second with a title row and its columns the other way round."""
    turned = [dict(reversed(row.items())) for row in south]
    return unite_exports(
        [
            export_of("memberships", *north, file="north.xlsx"),
            export_of("memberships", *turned, file="south.xlsx", sheet="Members", above=1),
        ]
    )


def by_name() -> Config:
    rules = default_config().rules.model_copy(update={"match_on": "customer_name"})
    return default_config().model_copy(update={"rules": rules})


def findings(export: Export) -> list[tuple[str, str, str, str, str]]:
    """Every finding with the place of its row."""
    return [
        (place_of_row(export, line.row).file, place_of_row(export, line.row).row, line.column, line.reason, line.value)
        for line in export.findings.itertuples()
    ]


# --- where rows stand -------------------------------------------------------------------------------------------------


def test_a_single_export_comes_back_as_it_is():
    export = memberships(JANE)

    assert unite_exports([export]) is export


def test_a_single_exports_rows_are_those_that_excel_shows():
    export = export_of("memberships", JANE, BO, above=3)

    assert [place_of_row(export, row) for row in export.frame["source_row"]] == [
        RowPlace("export.xlsx", "Data", 5), RowPlace("export.xlsx", "Data", 6)
    ]  # fmt: skip
    assert export.frame["source_row"].tolist() == [5, 6]


def test_every_row_leads_to_its_file_sheet_and_the_number_that_excel_shows():
    union = north_and_south(BO, {}, JANE, north=[JANE, BO])

    places = places_of_rows(union, union.frame["source_row"])

    assert places.to_numpy().tolist() == [
        ["north.xlsx", "Data", 2], ["north.xlsx", "Data", 3], ["south.xlsx", "Members", 3], ["south.xlsx", "Members", 5]
    ]  # fmt: skip
    assert places.dtypes.astype(str).to_dict() == {"file": "str", "sheet": "str", "row": "int64"}


@settings(deadline=None)
@given(files=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 30)), min_size=1, max_size=6))
def test_places_are_those_of_all_rows_laid_end_to_end(files):
    naive = [(number, row) for number, (header, rows) in enumerate(files) for row in range(1, header + rows + 1)]
    parts: list[Part] = []
    for number, (header, rows) in enumerate(files):
        offset = parts[-1].last_row if parts else 0
        parts.append(Part(str(number), "", header, rows_read=rows, offset=offset))
    export = replace(orders(), parts=tuple(parts))
    numbers = pd.Series(range(1, len(naive) + 1), dtype="Int64")

    one_by_one = [place_of_row(export, number) for number in numbers]
    together = places_of_rows(export, numbers)

    assert [(int(place.file), place.row) for place in one_by_one] == naive
    assert [(int(file), row) for file, row in zip(together["file"], together["row"], strict=True)] == naive


def test_files_of_one_name_are_told_apart_by_their_sources():
    files = [export_of("memberships", JANE), export_of("memberships", BO), export_of("memberships", JANE, file="x.csv")]

    named = unite_exports(files, sources=("north", "south", "inbox"))
    unnamed = unite_exports(files)

    assert [part.file for part in named.parts] == ["export.xlsx (north)", "export.xlsx (south)", "x.csv"]
    assert [part.file for part in unnamed.parts] == ["export.xlsx (1)", "export.xlsx (2)", "x.csv"]
    assert place_of_row(named, 4).file == "export.xlsx (south)"
    assert named.findings["file"].tolist() == ["x.csv"]


# --- columns ----------------------------------------------------------------------------------------------------------


def test_columns_are_united_by_what_they_mean_and_then_by_their_headers():
    north = {"Cust ID": 1, "Email": "a@x.org", "Created": date(2026, 1, 1), "End Date": date(2027, 1, 1)}
    north |= {"Customer Name": "Ann", " NOTES ": "n", "Region": "N"}
    south = {"Notes": "s", "Expiry Date": date(2027, 1, 1), "E-mail": "b@x.org", "Name": "Bo", "Customer ID": 2}
    south |= {"Created Date": date(2026, 1, 1), "Shop": 5}

    union = unite_exports([export_of("memberships", north), export_of("memberships", south)])

    assert union.headers == (
        "Cust ID", "Email", "Created Date", "Expiry Date", "Customer Name", "NOTES", "Region", "Shop"
    )  # fmt: skip
    assert union.originals.to_numpy().tolist() == [
        [1, "a@x.org", date(2026, 1, 1), date(2027, 1, 1), "Ann", "n", "N", None],
        [2, "b@x.org", date(2026, 1, 1), date(2027, 1, 1), "Bo", "s", None, 5],
    ]
    assert union.originals.index.tolist() == union.frame["source_row"].tolist()
    assert union.originals.dtypes.unique().tolist() == [object]
    assert [part.headers for part in union.parts] == [tuple(" ".join(h.split()) for h in north), tuple(south)]


def test_headers_that_stand_twice_in_a_file_stay_two_columns():
    def twice(*notes):
        rows = [
            ["Cust ID", "Name", "Email", "Created", "End Date", "Notes", "Notes"],
            [1, "A", "a@x.org", 45000, 46000],
        ]
        return conform([Sheet("f.xlsx", "", [rows[0], [*rows[1], *notes]])], default_config().memberships)

    union = unite_exports([twice("a", "b"), export_of("memberships", JANE | {"notes": "c"}), twice("d", "e")])

    assert union.headers[-2:] == ("Notes", "Notes")
    assert union.originals.iloc[:, -2:].to_numpy().tolist() == [["a", "b"], ["c", None], ["d", "e"]]


def test_a_column_is_read_again_from_the_same_header():
    """A second file's extra column may be called like the first file's own: the one that was read wins again."""
    north = export_of("memberships", {("E-mail" if h == "Contact Email" else h): c for h, c in BO.items()})
    south = export_of("memberships", JANE | {"Email": "other@x.org", "E-mail": "third@x.org"})

    union = unite_exports([north, south])

    sheet = Sheet("again.xlsx", "", [list(union.headers), *union.originals.to_numpy().tolist()])
    assert conform([sheet], default_config().memberships).frame["email"].tolist() == ["bo@x.org", "jane@x.org"]


def test_what_a_column_is_called_is_said_as_the_rows_own_file_does():
    south = {"Customer ID": 2, "E-mail": "b", "Created": date(2026, 1, 1), "End Date": date(2027, 1, 1), "Name": "B"}
    union = unite_exports([export_of("memberships", JANE), export_of("memberships", south)])
    rows = union.frame["source_row"]

    emails = headers_of_rows(union, union.spec, rows, pd.Series("email", index=rows.index))
    none = headers_of_rows(union, union.spec, rows, pd.Series("original_purchase", index=rows.index))

    assert emails.tolist() == ["Contact Email", "E-mail"]
    assert none.tolist() == ["", ""]


def test_findings_skipped_rows_and_counts_add_up():
    bad = {"Cust ID": "9", "Contact Email": None, "Created Date": "soon"}

    union = north_and_south(BO, bad, {}, {"Cust ID": "Total"}, north=[JANE, {}, BO | {"Contact Email": "?"}])

    assert findings(union) == [
        ("north.xlsx", 4, "Contact Email", "invalid_email", "?"),
        ("south.xlsx", 3, "Cust ID", DOUBLE, "7"),
        ("south.xlsx", 4, "Contact Email", "no_email", ""),
        ("south.xlsx", 4, "Created Date", "unreadable_date", "soon"),
    ]
    assert union.rows_read == 3 + 4
    assert union.skipped == {"blank_row": 2, "totals_row": 1}
    assert union.findings.dtypes.astype(str).to_dict() == dict.fromkeys(union.findings.columns, "str") | {
        "row": "int64"
    }


def test_the_exports_are_left_as_they_are():
    north, south = export_of("memberships", JANE), export_of("memberships", JANE | {"Shop": CellError("#N/A")})
    before = [(e.parts, e.frame.copy(), e.originals.copy(), e.findings.copy()) for e in (north, south)]

    unite_exports([north, south])

    for export, (parts, *frames) in zip((north, south), before, strict=True):
        assert export.parts == parts
        for got, wanted in zip((export.frame, export.originals, export.findings), frames, strict=True):
            pd.testing.assert_frame_equal(got, wanted)


# --- customers in both ------------------------------------------------------------------------------------------------


def test_a_customer_in_several_files_is_found_at_the_first_row_in_each_later_one():
    third = export_of("memberships", JANE | {"Cust ID": "121.0"}, BO, file="west.xlsx")
    north = export_of("memberships", JANE, JANE, file="north.xlsx")
    south = export_of("memberships", BO, JANE | {"Cust ID": 121}, JANE, file="south.xlsx")

    assert findings(unite_exports([north, south, third])) == [
        ("south.xlsx", 3, "Cust ID", DOUBLE, "121"),
        ("west.xlsx", 2, "Cust ID", DOUBLE, "121"),
        ("west.xlsx", 3, "Cust ID", DOUBLE, "7"),
    ]


@pytest.mark.parametrize(
    ("missing", "column", "value"),
    [
        ({"Cust ID": None}, "Customer Name", "Jane"),
        ({"Cust ID": None, "Customer Name": None}, "Contact Email", "jane@x.org"),
        ({"Cust ID": None, "Contact Email": "?"}, "Customer Name", "Jane"),
    ],
)
def test_a_customer_without_an_id_is_known_by_what_its_rows_have(missing, column, value):
    got = [line for line in findings(north_and_south(JANE | missing, north=[JANE | missing])) if line[3] == DOUBLE]

    assert got == [("south.xlsx", 3, column, DOUBLE, value)]


def test_rows_of_nobody_and_rows_that_only_share_an_address_are_no_customer_in_several_files():
    nobody = {"Cust ID": None, "Customer Name": None, "Contact Email": "?"}

    union = north_and_south(JANE | nobody, JANE | {"Cust ID": "8"}, north=[JANE | nobody, JANE])

    assert Counter(line[3] for line in findings(union)) == {"invalid_email": 2}


def test_customers_are_matched_by_name_where_the_config_says_so():
    config = by_name()
    files = [
        export_of("memberships", JANE, config=config, file="n.xlsx"),
        export_of("memberships", JANE | {"Cust ID": "900"}, config=config, file="s.xlsx"),
    ]

    assert findings(unite_exports(files)) == []
    assert findings(unite_exports(files, match_on="customer_name")) == [("s.xlsx", 2, "Customer Name", DOUBLE, "Jane")]


def test_renewals_follow_each_other_across_files_and_of_equal_rows_the_later_file_counts():
    newer = JANE | {"Created Date": date(2026, 12, 31), "Expiration Date": date(2027, 12, 31)}
    twin = BO | {"Customer Name": "Bo of the south"}

    union = north_and_south(JANE, twin, north=[newer, BO])
    got = refined(union)

    merged = zip(got.merged_rows["source_row"], got.merged_rows["replaced_by"], strict=True)
    assert [(place_of_row(union, row).file, place_of_row(union, into).file) for row, into in merged] == [
        ("north.xlsx", "south.xlsx"),  # Bo: the same dates, so the later file counts
        ("south.xlsx", "north.xlsx"),  # Jane: the newer term is in the earlier file
    ]
    assert dict(zip(got.contacts["email"], got.contacts["customer_name"], strict=True)) == {
        "jane@x.org": "Jane", "bo@x.org": "Bo of the south"
    }  # fmt: skip


# --- orders in both ---------------------------------------------------------------------------------------------------


def repeats(*files: Sequence[Mapping[str, Cell]]) -> list[tuple[RowPlace, RowPlace]]:
    union = unite_exports([export_of("orders", *rows, file=str(number)) for number, rows in enumerate(files)])
    repeated = refined(memberships(JANE), union).repeated_orders
    pairs = zip(repeated["source_row"], repeated["repeats_row"], strict=True)
    return [(place_of_row(union, row), place_of_row(union, first)) for row, first in pairs]


def place(file: int, row: int) -> RowPlace:
    return RowPlace(str(file), "Data", row)


def test_an_order_in_two_files_counts_once_the_first_files():
    other = ORDER | {"Sales Doc": "A2"}

    assert repeats([ORDER, other], [other, ORDER, ORDER]) == [
        (place(1, 2), place(0, 3)), (place(1, 3), place(0, 2)), (place(1, 4), place(0, 2))
    ]  # fmt: skip


def test_orders_are_compared_column_by_column_whatever_their_order_and_spelling():
    turned = {"plant": " P1 ", "Invoice": "A1", "Amount": "$5.00", "Cust ID": "0121"}

    assert repeats([ORDER], [turned]) == [(place(1, 2), place(0, 2))]
    assert repeats([ORDER | {"Note": None}], [turned]) == [(place(1, 2), place(0, 2))]  # a column that has nothing


@pytest.mark.parametrize(
    "differs",
    [{"Plant": "P2"}, {"Plant": None}, {"Note": "P1"}, {"Total Value": 6}, {"SAP ID": 7}, {"Order Date": "2026-01-01"}],
)
def test_an_order_that_differs_in_one_column_counts_too(differs):
    assert repeats([ORDER], [ORDER | differs]) == []


def test_unreadable_amounts_of_two_files_are_compared_by_their_text():
    assert repeats([ORDER | {"Total Value": "abc"}], [ORDER | {"Total Value": "xyz"}]) == []
    assert len(repeats([ORDER | {"Total Value": "abc"}], [ORDER | {"Total Value": "abc"}])) == 1


def test_what_a_night_amounts_to_is_counted_over_all_files():
    """Limits compare it with the exports accepted last: a region that is missing shows."""
    members = north_and_south(BO | {"Customer Name": None}, BO | {"Contact Email": "?"}, north=[JANE])
    bought = unite_exports([export_of("orders", ORDER), export_of("orders", ORDER, ORDER | {"Sales Doc": "A2"})])

    facts = facts_of(
        {"memberships": members, "orders": bought},
        refined(members, bought),
        {"memberships": ("customer_name", "email")},
    )

    assert (facts.rows, facts.contacts, facts.order_sum_micros) == ({"memberships": 3, "orders": 3}, 2, 10_000_000)
    assert facts.filled == {"memberships.customer_name": 0.666667, "memberships.email": 0.666667}


# --- as if all stood in one file --------------------------------------------------------------------------------------

TABLES = ("contacts", "merged_rows", "repeated_orders", "prospects", "shared_emails", "notes")
OF_ROWS = ("source_row", "replaced_by", "repeats_row", "email_from_row", "row")
BY_TEXT = ("other_columns", "chain", "position")  # they follow the order of columns, or of the names of customers


@st.composite
def split(draw: st.DrawFn, rows: list[Row], kept: list[int], most: int) -> list[list[list[Cell]]]:
    """The rows of one sheet as files of their own, each with a row that is kept, and its columns in another order."""
    begins = st.sampled_from(kept[1:]).map(lambda row: row - rows[0].number)
    cuts = sorted(draw(st.sets(begins, min_size=1, max_size=most))) if len(kept) > 1 else []
    files = []
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        headers = draw(st.permutations(list(rows[0].cells)))
        files.append([headers, *([row.cells.get(header) for header in headers] for row in rows[begin:end])])
    return files


def united(kind: str, rows: list[Row], files: list[list[list[Cell]]], config: Config) -> tuple[Export, dict[int, int]]:
    """The files as one export, and for each of its rows the number it has where they are one file."""
    by_name = config.rules.match_on == "customer_name"
    read, first, firsts = [], rows[0].number, {}
    for number, cells in enumerate(files):
        sheet = Sheet(f"{kind} {number}", "", cells)
        read.append(conform([sheet], getattr(config, kind), name_keys_for_all=by_name))
        firsts[sheet.file] = first
        first += len(cells) - 1
    union = unite_exports(read, match_on=config.rules.match_on)
    places = {row: place_of_row(union, row) for row in union.frame["source_row"]}
    return union, {row: firsts[place.file] + place.row - 2 for row, place in places.items()}


def relabelled(frame: pd.DataFrame, kind: str, numbers: Mapping[str, Mapping[int, int]]) -> pd.DataFrame:
    """The frame with every row called as in the one file."""
    frame = frame.drop(columns=[name for name in BY_TEXT if name in frame])
    for name in OF_ROWS:
        if name in frame:
            kinds = frame["kind"] if "kind" in frame else [kind] * len(frame)
            rows = [None if pd.isna(row) else numbers[of][row] for of, row in zip(kinds, frame[name], strict=True)]
            frame[name] = pd.Series(rows, index=frame.index, dtype=frame[name].dtype)
    for name in ("contact_key", "customer"):
        if name in frame:
            frame[name] = frame[name].map(
                lambda key: re.sub(r"^row (\d+)$", lambda row: f"row {numbers[kind][int(row[1])]}", key)
            )
    return frame


@examples(50)
@given(data=st.data(), drawn=exports(), match_on=st.sampled_from(["customer_id", "customer_id", "customer_name"]))
def test_files_united_are_as_one_file(data, drawn, match_on):
    config = by_name() if match_on == "customer_name" else default_config()
    whole, parts, numbers = {}, {}, {}
    for kind, most in (("memberships", 3), ("orders", 6)):
        rows = getattr(drawn, kind)
        header = list(rows[0].cells)
        sheet = Sheet(kind, "", [header, *([row.cells.get(name) for name in header] for row in rows)])
        whole[kind] = conform([sheet], getattr(config, kind), name_keys_for_all=match_on == "customer_name")
        kept = whole[kind].frame["source_row"].tolist()
        parts[kind], numbers[kind] = united(kind, rows, data.draw(split(rows, kept, most)), config)
        # A row that ends one of the files may be a totals row there, and none in the middle of the one file.
        assume(list(numbers[kind].values()) == kept)

    wanted = refine(whole["memberships"].frame, whole["orders"].frame, AS_OF, config)
    got = refine(parts["memberships"].frame, parts["orders"].frame, AS_OF, config)

    for name in TABLES:
        kind = "orders" if name in ("repeated_orders", "prospects") else "memberships"
        same = {kind: {row: row for row in rows.values()} for kind, rows in numbers.items()}
        pd.testing.assert_frame_equal(
            relabelled(getattr(got, name), kind, numbers), relabelled(getattr(wanted, name), kind, same)
        )
    assert got.money == wanted.money
    for kind, export in parts.items():
        assert told(export, numbers[kind]) == told(whole[kind], {row: row for row in numbers[kind].values()})
        assert_every_row_is_in_one_place(export, got)
    assert doubles(parts["memberships"]) == doubles_of_reference(parts["memberships"], match_on)


def told(export: Export, numbers: Mapping[int, int]) -> list[tuple[object, ...]]:
    """What each cell's finding says, without the new one."""
    lines = export.findings[export.findings["reason"] != DOUBLE]
    return sorted((numbers[line.row], line.column, line.reason, line.value) for line in lines.itertuples())


def assert_every_row_is_in_one_place(export: Export, got: Refined) -> None:
    """RULES section 8, law 1, file by file."""
    merged = got.merged_rows if export.kind == "memberships" else got.repeated_orders
    is_merged = export.frame["source_row"].isin(merged["source_row"])
    files = places_of_rows(export, export.frame["source_row"])["file"]
    assert export.frame["source_row"].is_unique
    for part in export.parts:
        kept, gone = ((files == part.file) & (is_merged == each) for each in (False, True))
        assert part.rows_read == kept.sum() + gone.sum() + sum(part.skipped.values())


def doubles(export: Export) -> set[RowPlace]:
    lines = export.findings[export.findings["reason"] == DOUBLE]
    return {place_of_row(export, row) for row in lines["row"]}


def doubles_of_reference(export: Export, match_on: str) -> set[RowPlace]:
    """Row by row: who is known from another file, and not yet from this one."""
    seen: dict[object, set[str]] = {}
    found = set()
    for row in export.frame.itertuples():
        name, email = (None if pd.isna(value) else value for value in (row.customer_name_key, row.email))
        customer: object = ("id", row.customer_id_key)
        if match_on == "customer_name":
            customer = ("name", name) if name else row.source_row
        elif pd.isna(row.customer_id_key):
            customer = ("has", name, email) if name or email else row.source_row
        here = place_of_row(export, row.source_row)
        files = seen.setdefault(customer, set())
        if files and here.file not in files:
            found.add(here)
        files.add(here.file)
    return found
