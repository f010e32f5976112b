"""What people are told of sources that are away and of exports that don't come: what is true, and once."""

import pytest

from tests.cli.installation import MEMBERS, ORDERS, order
from tests.service.conftest import Night

NEWER = [{**MEMBERS[0], "Customer Name": "Ada King"}, *MEMBERS[1:]]


@pytest.fixture
def regions(night):
    """Two sources in place of the inbox, each with its exports in HubSpot."""
    night.split_in_two()
    return night


def take_away(night: Night, *names: str) -> None:
    for name in names:
        (night.goldpan.home / name).rename(night.goldpan.home / f"{name}.away")


def bring_back(night: Night, *names: str) -> None:
    for name in names:
        (night.goldpan.home / f"{name}.away").rename(night.goldpan.home / name)


def of_sources(titles: list[str]) -> list[str]:
    return [title for title in titles if title.startswith("source")]


def of_exports(titles: list[str]) -> list[str]:
    return sorted(title for title in titles if " export" in title)


def test_each_source_that_goes_away_is_told_by_its_name_and_so_is_its_return(regions, people):
    regions.turn()
    for name in ("north", "south"):
        take_away(regions, name)
        regions.turn(times=3, minutes=1)
        regions.turn(times=3, minutes=11)
    bring_back(regions, "north")
    regions.turn(minutes=1)

    assert of_sources(people.titles) == [
        "source north unreachable", "source south unreachable", "source north is back",
    ]  # fmt: skip


def test_a_run_says_nothing_about_a_source_that_is_away(regions, people):
    regions.drop(folder="south")
    regions.turn()
    take_away(regions, "north")
    regions.turn(minutes=11)
    regions.turn(times=3, minutes=11)

    assert regions.told() == [("run", "held")]
    assert of_sources(people.titles) == ["source north unreachable"]


def test_neither_a_restart_nor_a_stop_in_the_middle_says_that_a_source_is_back(regions, people):
    regions.turn()
    take_away(regions, "north", "south")
    regions.turn(minutes=1)
    regions.turn(minutes=11)
    regions.restart()
    regions.turn(minutes=1)
    regions.stop.set()
    regions.service._taking_in.look()

    assert of_sources(people.titles) == ["source north unreachable", "source south unreachable"]


def test_exports_of_the_evening_before_are_there_by_the_morning(night, people):
    night.goldpan.configure("goldpan.toml", ('export_due = ""', 'export_due = "06:00"'))
    night.load_first()
    for day in range(21, 24):
        night.go_to(f"2026-11-{day}T23:45")
        night.drop(NEWER, [*ORDERS, order(5, day, "1.00")], day=f"_{day}")
        night.turn(times=3, minutes=1)
        people.forget()
        for hour in ("00:01", "05:59", "06:01", "12:00"):
            night.go_to(f"2026-11-{day + 1}T{hour}")

        assert of_exports(people.titles) == []


def test_exports_that_stop_coming_are_missing_at_the_next_hour_that_they_are_due(night, people):
    night.goldpan.configure("goldpan.toml", ('export_due = ""', 'export_due = "06:00"'))
    night.load_first()  # at ten, after that day's hour: it counts for the next one
    night.go_to("2026-11-21T06:01")
    early = of_exports(people.titles)
    night.go_to("2026-11-22T05:59")
    before = of_exports(people.titles)
    night.go_to("2026-11-22T06:01")

    assert before == early
    assert of_exports(people.titles)[-2:] == ["memberships export missing", "orders export missing"]


def test_a_region_that_falls_silent_is_missing_though_the_other_delivers(regions, people):
    regions.goldpan.configure("goldpan.toml", ('export_due = ""', 'export_due = "06:00"'))
    regions.drop(folder="north")
    regions.drop([{**MEMBERS[0], "Contact Email": "zoe@example.org"}], [order(71, 70, "5")], folder="south")
    regions.turn(times=3, minutes=1)
    people.forget()
    regions.go_to("2026-11-21T05:00")
    regions.turn()
    regions.go_to("2026-11-21T22:00")
    regions.drop(NEWER, [*ORDERS, order(5, 2, "1.00")], folder="north", day="_2")
    regions.turn(times=3, minutes=1)
    regions.go_to("2026-11-22T06:01")
    regions.turn(times=3, minutes=5)
    missing, texts = of_exports(people.titles), [text for _, text, _ in people.heard]
    people.forget()
    regions.drop(None, [order(72, 70, "6")], folder="south", day="_2")
    regions.turn(times=3, minutes=1)

    assert missing == ["memberships export of south missing", "orders export of south missing"]
    assert any("No orders export has arrived from the source south; it was due by 2026-11-22 06:00" in text
               for text in texts)  # fmt: skip
    assert of_exports(people.titles) == ["orders export of south arrived"]


def test_a_kind_that_no_region_ever_delivered_is_missing_until_one_does(regions, people):
    regions.goldpan.configure("goldpan.toml", ('export_due = ""', 'export_due = "06:00"'))
    regions.go_to("2026-11-21T05:00")
    regions.drop(MEMBERS, None, folder="north")
    regions.turn(times=3)
    regions.go_to("2026-11-21T06:01")
    missing = of_exports(people.titles)
    people.forget()
    regions.drop(None, ORDERS, folder="south")
    regions.turn(times=3)

    assert missing == ["orders export missing"]
    assert of_exports(people.titles) == ["orders export arrived"]
