"""What a row lacks comes from the row that is named for it, and nothing else changes."""

import narwhals.stable.v2 as nw

from goldpan.steps.filling import fill_from_rows
from tests.steps.engines import Engine
from tests.steps.frames import by_row, members

ROWS = members(
    {"source_row": 2, "customer_name": None, "email": None},
    {"source_row": 3, "customer_name": None, "email": "own@x.org"},
    {"source_row": 4, "customer_name": "Own", "email": "four@x.org"},
    {"source_row": 5, "customer_name": "Ann", "email": "five@x.org"},
)


def filled(engine: Engine, facts):
    rows = nw.from_native(engine.give(ROWS))
    named = nw.from_native(engine.give(facts.astype("Int64")))
    return engine.take(fill_from_rows(rows, named, rows, ["customer_name", "email"]).to_native())


def facts(**columns):
    return members(*[{}] * len(columns["source_row"])).iloc[:, :0].assign(**columns)


def test_each_column_comes_from_the_row_named_for_it(engine: Engine):
    got = filled(engine, facts(source_row=[2, 3], customer_name_row=[5, 4], email_row=[4, None]))

    assert by_row(got, "customer_name") == {2: "Ann", 3: "Own", 4: "Own", 5: "Ann"}
    assert by_row(got, "email") == {2: "four@x.org", 3: "own@x.org", 4: "four@x.org", 5: "five@x.org"}
    assert list(got.columns) == list(ROWS.columns)


def test_what_a_row_knows_itself_stays(engine: Engine):
    got = filled(engine, facts(source_row=[4], customer_name_row=[5], email_row=[5]))

    assert by_row(got, "customer_name")[4] == "Own"
    assert by_row(got, "email")[4] == "four@x.org"


def test_nothing_to_take_changes_nothing(engine: Engine):
    got = filled(engine, facts(source_row=[2], customer_name_row=[None], email_row=[None]))

    assert by_row(got, "customer_name") == {2: None, 3: None, 4: "Own", 5: "Ann"}
