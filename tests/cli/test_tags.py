"""`goldpan tags`: how many contacts carried each tag on the last nights, as the runs recorded it."""

import re
from datetime import date, timedelta
from io import StringIO

from rich.console import Console

from sync.cli.tag_sizes import print_nights
from sync.tag_history import Night
from tests.cli.installation import AS_OF, MEMBERS, member
from tests.cli.test_forecast import SAMPLE

LAST = date.fromisoformat(AS_OF)
TOMORROW = "2026-11-21"


def nights(sizes, tag="active"):
    first = LAST - timedelta(days=len(sizes) - 1)
    return [Night(first + timedelta(days=day), f"r{day}", {tag: size}) for day, size in enumerate(sizes)]


def test_it_tells_what_the_runs_recorded_the_oldest_first(goldpan):
    first = goldpan.run()
    goldpan.deliver([*MEMBERS, member(8, "Gil New", "gil@example.org", "2026-11-15", "2027-11-15")])
    second = goldpan.run("--as-of", TOMORROW)
    assert (first.exit_code, second.exit_code) == (0, 0)

    told = goldpan("tags", "--json")

    assert told.exit_code == 0
    assert [(night["as_of"], night["tags"]["active_membership"]) for night in told.json["nights"]] == [
        (AS_OF, 3), (TOMORROW, 4),
    ]  # fmt: skip
    assert told.json["nights"][0]["tags"] == SAMPLE
    assert told.json["nights"][1]["run_id"] == second.json["run_id"]
    assert [night["as_of"] for night in goldpan("tags", "-n", 1, "--json").json["nights"]] == [TOMORROW]


def test_a_dry_run_and_a_held_one_are_no_nights(goldpan):
    goldpan.plan("--dry-run")
    goldpan.plan()

    assert goldpan("tags", "--json").json == {"nights": []}
    assert "No run has sent its tags yet" in goldpan("tags").out


def test_where_it_is_piped_each_tag_is_one_plain_line(goldpan):
    goldpan.run()

    lines = goldpan("tags").out.splitlines()

    assert lines[0] == f"Contacts per tag on 1 night, {AS_OF} to {AS_OF}"
    assert lines[1:] == [f"{tag}: {size}; lowest {size}; highest {size}" for tag, size in SAMPLE.items()]


def shown(history, width):
    out = StringIO()
    print_nights(history, Console(file=out, width=width, force_terminal=True, highlight=False))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_on_a_terminal_the_course_and_what_is_usual_stand_beside_the_last_size():
    lines = shown(nights([1000] * 9 + [1010]), width=60)

    plain = re.sub(r"\x1b\[[\d;]*m", "", lines[-1])
    assert re.fullmatch(r"active +1,010 +\+10 +1,000 +1,010 +980 to 1,020 ▁{9}█", plain)
    assert "\x1b[33m" not in lines[-1]


def test_a_size_that_is_not_usual_stands_out():
    assert "\x1b[33m" in shown(nights([1000] * 9 + [1021]), width=120)[-1]


def test_the_nights_without_a_tag_say_nothing_of_it():
    history = [*nights([5, 6], tag="old")[:1], *nights([7], tag="new")]

    (line,) = shown(history, width=120)[2:]

    assert re.fullmatch(r"new +7 +7 +7 +▁", re.sub(r"\x1b\[[\d;]*m", "", line))
