"""How many contacts carried each tag on the nights before: one number a night, of this portal, as runs sent them."""

from datetime import UTC, date, datetime, timedelta

from goldpan.model import Portal
from sync.record import RunRecord
from sync.tag_history import Night, nights_of, warnings_on_tag_sizes

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
TONIGHT = date(2026, 11, 20)
HERE, THERE = Portal("1"), Portal("2")


def add_run(state, run_id, as_of, size, *, status="done", portal=HERE, kind="run", parent_id="", tag="active"):
    state.runs.start(
        run_id, destination="hubspot", as_of=as_of, version="1", at=AT, kind=kind, parent_id=parent_id
    )  # fmt: skip
    record = {"tags": {tag: size}}
    state.runs.finish(run_id, status=status, portal_id=portal.portal_id, fingerprint="", record=record, at=AT)


def add_nights(state, count, size=100, **more):
    """That many nights up to yesterday."""
    for back in range(count, 0, -1):
        night = TONIGHT - timedelta(days=back)
        add_run(state, f"{night:%Y%m%d}-{more.get('portal', HERE).portal_id}", night, size, **more)


def warnings(state, size, *, as_of=TONIGHT, portal=HERE, destination="hubspot"):
    record = RunRecord("z-tonight", as_of, AT, tags={"active": size})
    return warnings_on_tag_sizes(state.runs, record, destination, portal)


def test_it_says_which_tag_how_many_tonight_what_is_usual_and_where_to_look(state):
    add_nights(state, 28, 1200)

    (said,) = warnings(state, 3456)

    assert said.startswith("Tag active: 3,456 contacts tonight; on the last 28 nights it was about 1,200 "
                           "(usual is 1,180 to 1,220).")  # fmt: skip
    assert "sheet Changes" in said
    assert "goldpan explain EMAIL" in said


def test_a_usual_night_is_silent(state):
    add_nights(state, 28)

    assert warnings(state, 120) == []


def test_less_than_nothing_is_not_offered_as_usual(state):
    add_nights(state, 7, 5)

    assert "(usual is 0 to 25)" in warnings(state, 26)[0]


def test_six_nights_say_nothing_and_seven_do(state):
    add_nights(state, 6)
    assert warnings(state, 9000) == []

    add_run(state, "20261101", TONIGHT - timedelta(days=19), 100)
    assert len(warnings(state, 9000)) == 1


def test_the_first_night_of_all_says_nothing(state):
    assert warnings(state, 9000) == []


def test_a_date_counts_once_with_the_last_run_that_was_sent(state):
    night = TONIGHT - timedelta(days=1)
    add_run(state, "20261119-1", night, 5)
    add_run(state, "20261119-2", night, 7)
    add_run(state, "20261119-3", night, 9, status="failed")

    assert nights_of(state.runs) == [Night(night, "20261119-2", {"active": 7})]


def test_nights_come_in_the_order_of_their_dates_however_late_they_ran(state):
    add_run(state, "r1", date(2026, 11, 18), 1)
    add_run(state, "r2", date(2026, 11, 17), 2)
    add_run(state, "r3", date(2026, 11, 19), 3)

    assert [night.tags["active"] for night in nights_of(state.runs)] == [2, 1, 3]
    assert [night.tags["active"] for night in nights_of(state.runs, limit=2)] == [1, 3]


def test_only_runs_that_sent_whole_exports_count(state):
    night = TONIGHT - timedelta(days=1)
    for position, status in enumerate(("running", "held", "failed", "interrupted")):
        add_run(state, f"status-{position}", night, 1, status=status)
    for kind in ("only", "undo", "repair", "retry"):
        add_run(state, f"kind-{kind}", night, 1, kind=kind)
    assert nights_of(state.runs) == []

    add_run(state, "partial", night, 2, status="partial")
    add_run(state, "x-held", night - timedelta(days=1), 3, status="held")
    add_run(state, "x-sent", night - timedelta(days=1), 4, kind="approve", parent_id="x-held")
    assert [each.tags["active"] for each in nights_of(state.runs)] == [4, 2]


def test_another_portal_and_another_destination_are_other_histories(state):
    add_nights(state, 28, 100)
    add_nights(state, 28, 9000, portal=THERE)

    assert warnings(state, 100) == []
    assert warnings(state, 9000, portal=THERE) == []
    assert len(warnings(state, 9000)) == 1
    assert warnings(state, 9000, destination="sandbox") == []


def test_tonights_own_date_and_later_ones_say_nothing_of_tonight(state):
    add_nights(state, 28, 100)
    add_run(state, "y-earlier-tonight", TONIGHT, 9000)
    for ahead in range(1, 29):  # a date that was mistyped into the future
        add_run(state, f"future-{ahead:02}", TONIGHT + timedelta(days=ahead), 9000)

    assert len(warnings(state, 9000)) == 1
    assert warnings(state, 100) == []


def test_nights_longer_ago_than_28_say_nothing(state):
    add_nights(state, 28, 100)
    for back in range(29, 90):
        add_run(state, f"a-{back}", TONIGHT - timedelta(days=back), 9000)

    assert len(warnings(state, 9000)) == 1


def test_a_record_without_tags_is_no_night_of_them(state):
    add_nights(state, 7, 100, tag="another")

    assert warnings(state, 9000) == []
