"""Alerts, through a real webhook: who hears what, how often, and what happens when nobody answers."""

import re
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from sync.checks import Check
from sync.sandbox import TOKEN
from sync.state.alerts import Alerts
from sync.telling import RefusedFile
from sync.telling.conditions import PATIENCE, RETRY_AFTER
from tests.telling.webhooks import webhook

TAG_LOSS = {
    "name": "tag_loss",
    "what": "300 of 1,000 contacts lose the tag Gold.",
    "found": 300,
    "limit": "10 % and 25",
}
PAUSED = {"name": "paused", "what": "Goldpan is paused. 5 contacts wait.", "found": 5, "limit": "nothing is written"}


def held(ran, fingerprint="abc123", brakes=(TAG_LOSS,)):
    return ran("held", fingerprint=fingerprint, brakes=list(brakes), contacts={"held": 300})


def test_a_night_that_goes_well_is_no_news(telling, ran, hook):
    for _ in range(3):
        telling.after_run(ran())
        telling.repeat()

    assert hook.heard == []


def test_a_held_run_says_what_how_many_and_the_command(telling, ran, hook):
    telling.after_run(held(ran))

    ((title, said, level),) = hook.heard
    assert (title, level) == ("Goldpan: run held (tag_loss)", "warning")
    assert said == (
        "The run r1 as of 2026-11-20 (portal 7) is held; nothing was written. 300 changes wait for a person.\n"
        "- 300 of 1,000 contacts lose the tag Gold. The limit: 10 % and 25.\n"
        "What to do: look at the plan: goldpan show r1\n"
        "If it is right, approve this very plan: goldpan run --approve abc123\n"
        "If it is not, deliver a corrected export; the next run takes it.\n"
        "Goldpan on testing"
    )


def test_a_held_run_is_told_again_every_day_until_it_is_not(telling, ran, hook, clock):
    telling.after_run(held(ran))
    for _ in range(47):
        clock.go(hours=1)
        telling.repeat()
    clock.go(hours=1)
    telling.after_run(ran(contacts={"created": 2}))
    clock.go(hours=30)
    telling.repeat()

    assert hook.titles == ["run held (tag_loss)", "run still held (tag_loss)", "run recovered"]


def test_the_nightly_run_that_is_held_again_repeats_the_message_with_its_own_command(telling, ran, hook, clock):
    telling.after_run(held(ran, "plan1"))
    clock.go(hours=23, minutes=58)
    telling.repeat()
    telling.after_run(held(ran, "plan2"))
    telling.repeat()

    assert hook.titles == ["run held (tag_loss)", "run held (tag_loss)"]
    assert "goldpan run --approve plan2" in hook.heard[1][1]


def test_the_same_plan_held_by_a_second_run_is_told_once(telling, ran, hook, clock):
    for _ in range(3):
        telling.after_run(held(ran))
        clock.go(minutes=20)

    assert len(hook.heard) == 1


def test_an_approval_on_the_command_line_is_noticed(telling, ran, hook, clock):
    telling.after_run(held(ran))
    clock.go(minutes=10)
    ran("done", kind="approve", parent_id="r1", contacts={"updated": 300})
    telling.repeat()
    telling.repeat()

    assert hook.titles == ["run held (tag_loss)", "run recovered"]
    assert "0 contacts created, 300 updated. It was held since 2026-11-20 05:30 UTC." in hook.heard[1][1]


def test_a_failed_run_is_told_once_however_often_it_is_tried_again(telling, ran, hook, clock):
    for _ in range(4):
        telling.after_run(ran("failed", problems=["HubSpot answers 500."], contacts={"created": 3, "unknown": 2}))
        clock.go(minutes=20)
    telling.after_run(ran())

    assert hook.titles == ["run failed", "run recovered"]
    said = hook.heard[0][1]
    assert "- HubSpot answers 500." in said
    assert "3 contacts were created, 2 have no answer yet." in said
    assert "goldpan show r1; then goldpan check" in said
    assert [level for _, _, level in hook.heard] == ["failure", "success"]


def test_examples_of_people_are_left_out_though_they_are_masked_and_long_problems_end(telling, ran, hook):
    problems = ["5 contacts differ. For example j***@example.org.", "x" * 1000, "third", "fourth", "fifth"]
    telling.after_run(ran("failed", problems=problems))

    said = hook.heard[0][1]
    assert "- 5 contacts differ.\n" in said
    assert f"- {'x' * 400} …\n" in said
    assert "- third\n- and 2 more\n" in said


def test_a_run_that_could_not_even_begin_is_told_and_stays_told(telling, ran, hook, clock):
    ran()
    telling.after_run(ran("failed", is_stored=False, run_id="", problems=["No HubSpot token."]))
    for _ in range(3):
        clock.go(minutes=1)
        telling.repeat()

    assert hook.titles == ["run failed"]
    assert "goldpan show" not in hook.heard[0][1]


def test_refusals_of_single_contacts_are_partial(telling, ran, hook):
    telling.after_run(ran("partial", contacts={"updated": 90, "refused": 3, "unknown": 1}))

    ((title, said, _),) = hook.heard
    assert title == "Goldpan: run partial"
    assert "HubSpot refused 3 contacts, and 1 have no proof either way" in said
    assert "goldpan rejects r1" in said


def test_a_stopped_run_and_a_paused_one_have_words_of_their_own(telling, ran, hook, clock):
    telling.after_run(ran("interrupted"))
    telling.after_run(held(ran, brakes=[PAUSED]))
    clock.go(hours=30)
    telling.repeat()

    assert hook.titles == ["run stopped", "run paused"]
    assert "goldpan resume" in hook.heard[1][1]


def test_a_pause_beside_another_brake_is_held(telling, ran, hook):
    telling.after_run(held(ran, brakes=[PAUSED, TAG_LOSS]))

    assert hook.titles == ["run held (paused, tag_loss)"]


def test_a_repair_that_is_held_is_not_forgotten_after_a_good_night(telling, ran, hook, clock):
    telling.after_run(ran("held", kind="repair", fingerprint="fix", brakes=[TAG_LOSS]))
    telling.after_run(ran("done", kind="approve", parent_id="r1"))

    assert hook.titles == ["repair held (tag_loss)", "repair recovered"]


def test_a_repair_that_a_newer_plan_took_the_place_of_waits_for_nobody(telling, ran, hook, clock, state):
    telling.after_run(ran("held", kind="repair", fingerprint="fix", brakes=[TAG_LOSS]))
    clock.go(hours=17)
    telling.after_run(ran())
    clock.go(hours=17)
    telling.repeat()

    assert hook.titles == ["repair held (tag_loss)"]
    assert Alerts(state.engine).get("repair").status == "ok"


@pytest.mark.parametrize("kind", ["only", "undo", "retry"])
def test_what_a_person_tries_is_not_told(telling, ran, hook, kind):
    telling.after_run(ran("failed", kind=kind))
    telling.after_run(ran("failed", dry_run=True, is_stored=False))
    telling.repeat()

    assert hook.heard == []


def test_a_restart_tells_nothing_twice(tell, ran, hook, clock):
    record = held(ran)
    tell().after_run(record)
    clock.go(hours=1)
    for _ in range(2):
        again = tell()
        again.repeat()
        again.after_run(record)

    assert len(hook.heard) == 1


def test_what_nobody_took_is_tried_again_until_somebody_does(telling, ran, hook, clock):
    hook.is_away = True
    telling.after_run(held(ran))
    for _ in range(3):
        clock.go(seconds=int(RETRY_AFTER.total_seconds()))
        telling.repeat()
        telling.repeat()
    hook.is_away = False
    assert len(hook.heard) == 4
    hook.forget()
    for _ in range(3):
        clock.go(minutes=6)
        telling.repeat()

    assert hook.titles == ["run held (tag_loss)"]


def test_what_nobody_took_survives_a_restart(tell, ran, hook, clock):
    hook.is_away = True
    first = tell()
    first.after_run(held(ran))
    first.export_missing("orders", clock())
    hook.is_away = False
    hook.forget()
    clock.go(minutes=10)
    second = tell()
    for _ in range(3):
        second.repeat()

    assert sorted(hook.titles) == ["export:orders missing", "run held (tag_loss)"]
    assert "goldpan run --approve abc123" in hook.heard[0][1]


def refuse_files(telling, *numbers):
    for n in numbers:
        telling.files_refused([RefusedFile(f"orders{n}.xlsx", "north", "empty")])


def files_of(hook):
    return [int(re.search(r"orders(\d+)", said)[1]) for _, said, _ in hook.heard]


def test_an_address_that_does_not_answer_costs_one_attempt_however_much_waits(telling, hook, clock):
    hook.is_away = True
    refuse_files(telling, *range(5))
    hook.forget()
    for _ in range(3):
        clock.at += RETRY_AFTER
        telling.repeat()
    assert files_of(hook) == [0, 1, 2]  # each in its turn: one that is never taken holds up no other
    hook.is_away = False
    hook.forget()
    clock.at += RETRY_AFTER
    for _ in range(5):
        telling.repeat()

    assert sorted(files_of(hook)) == [0, 1, 2, 3, 4]


def test_what_an_address_away_did_not_get_keeps_nothing_from_the_other_one(tell, configured, hook, clock):
    with webhook() as other:
        other.is_away = hook.is_away = True
        telling = tell(configured(GOLDPAN_ALERT_URLS=f"{hook.url} {other.url}"))
        refuse_files(telling, *range(3))
        hook.is_away = False
        hook.forget()
        other.forget()
        clock.at += RETRY_AFTER
        for _ in range(3):
            telling.repeat()

        assert files_of(hook) == [0, 1, 2]
        assert len(other.heard) == 1


def test_a_message_that_nobody_got_for_a_day_is_dropped_and_said_once_in_the_log(telling, hook, clock):
    hook.is_away = True
    refuse_files(telling, 1)
    clock.go(hours=24)
    telling.repeat()
    hook.is_away = False
    hook.forget()
    clock.go(seconds=1)
    with capture_logs() as logged:
        for _ in range(3):
            telling.repeat()
            clock.go(minutes=10)

    assert hook.heard == []
    assert [(each["event"], each["about"]) for each in logged] == [("alert.dropped", "files#1")]


def test_what_still_is_after_a_day_is_not_forgotten_with_its_message(telling, hook, clock):
    hook.is_away = True
    telling.disk({"home": 0})
    clock.go(hours=25)
    telling.repeat()
    hook.is_away = False
    hook.forget()
    clock.go(minutes=5)
    telling.repeat()

    assert hook.titles == ["disk low"]


def test_at_most_twenty_messages_wait_and_the_oldest_goes(telling, hook, clock):
    hook.is_away = True
    with capture_logs() as logged:
        for n in range(23):
            refuse_files(telling, n)
            clock.go(seconds=1)
    hook.is_away = False
    hook.forget()
    clock.at += RETRY_AFTER
    for _ in range(30):
        telling.repeat()

    assert sorted(files_of(hook)) == [*range(3, 23)]
    dropped = [each["about"] for each in logged if each["event"] == "alert.dropped"]
    assert dropped == ["files#1", "files#2", "files#3"]


def test_what_was_crowded_out_and_still_is_comes_when_somebody_can_be_told(telling, hook, clock):
    hook.is_away = True
    telling.disk({"home": 0})
    clock.go(seconds=1)
    refuse_files(telling, *range(20))
    clock.at += RETRY_AFTER
    with capture_logs() as logged:
        for _ in range(3):
            telling.repeat()
    hook.is_away = False
    hook.forget()
    clock.at += RETRY_AFTER
    for _ in range(30):
        telling.repeat()

    assert [each for each in logged if each["event"] == "alert.dropped"] == []
    assert hook.titles.count("disk low") == 1
    assert len(hook.titles) >= 20


def test_each_channel_gets_each_message_once_though_another_one_is_away(tell, configured, ran, hook, clock):
    with webhook() as other:
        other.is_away = True
        telling = tell(configured(GOLDPAN_ALERT_URLS=f"{hook.url} {other.url}"))
        telling.after_run(held(ran))
        clock.go(minutes=10)
        other.is_away = False
        other.forget()
        telling.repeat()
        telling.repeat()

        assert hook.titles == other.titles == ["run held (tag_loss)"]


def test_without_any_channel_nothing_breaks_and_who_is_told_later_hears_of_what_still_is(
    tell, configured, ran, hook, clock
):
    nobody = configured(GOLDPAN_ALERT_URLS="")
    telling = tell(nobody)
    telling.after_run(ran("failed"))
    telling.after_run(ran())
    telling.after_run(held(ran))
    telling.files_refused([RefusedFile("a.xlsx", "inbox", "empty")])
    for _ in range(3):
        clock.go(minutes=10)
        telling.repeat()
    telling.use(configured())
    telling.repeat()
    telling.repeat()

    assert hook.titles == ["run held (tag_loss)"]


def test_an_address_that_is_none_breaks_nothing(tell, configured, ran, hook):
    telling = tell(configured(GOLDPAN_ALERT_URLS=f"nonsense {hook.url}"))

    telling.after_run(held(ran))

    assert hook.titles == ["run held (tag_loss)"]


def test_without_the_extra_the_run_goes_on(tell, configured, ran, hook, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    telling = tell()

    telling.after_run(held(ran))

    assert hook.heard == []


def test_while_the_state_is_away_each_change_is_still_told_once(telling, ran, hook, state):
    failed = ran("failed", is_stored=False)
    with state.engine.begin() as connection:
        connection.execute(text("DROP TABLE alerts"))

    telling.after_run(failed)
    telling.after_run(failed)
    telling.after_run(ran("done", is_stored=False))

    assert hook.titles == ["run failed", "run recovered"]


def test_an_export_that_is_missing_by_its_hour_is_told_once_and_its_arrival_too(tell, configured, hook, clock):
    telling = tell(configured('time_zone = "Europe/Zurich"'))
    telling.export_arrived("orders")
    for _ in range(3):
        telling.export_missing("orders", clock())
    telling.export_arrived("orders")
    telling.export_arrived("orders")

    assert hook.titles == ["orders export missing", "orders export arrived"]
    assert "it was due by 2026-11-20 06:30 CET" in hook.heard[0][1]
    assert "goldpan check" in hook.heard[0][1]


def test_exports_of_several_sources_are_told_each_by_its_source(telling, hook, clock):
    for source in ("south", "north"):
        telling.export_missing("orders", clock(), source)
    telling.export_arrived("orders", "south")
    telling.export_arrived("orders")

    assert hook.titles == [
        "orders export of south missing",
        "orders export of north missing",
        "orders export of south arrived",
    ]
    assert "No orders export has arrived from the source south; it was due by" in hook.heard[0][1]


def test_refused_files_are_told_together_with_their_reasons(telling, hook):
    files = [RefusedFile(f"orders{n}.xlsx", "north", "no column 'email'.") for n in range(12)]
    telling.files_refused(files)
    telling.files_refused(files[:1])
    telling.files_refused([])

    assert hook.titles == ["12 files refused", "1 file refused"]
    said = hook.heard[0][1]
    assert "- orders9.xlsx (source north): no column 'email'." in said
    assert "orders10.xlsx" not in said
    assert "- and 2 more" in said


ALL_WELL = [Check("token", True, "set"), Check("portal", True, "7"), Check("read scope", True, "yes")]


def test_lost_access_is_told_and_hubspot_being_away_says_nothing(telling, hook):
    denied = [Check("token", True, "set"), Check("portal", False, "HubSpot refuses the token (401).", 2)]
    away = [Check("token", True, "set"), Check("portal", False, "HubSpot is unwell: 503.", 1)]
    for checks in (ALL_WELL, denied, away, denied, ALL_WELL):
        telling.after_check(checks)

    assert hook.titles == ["no access to HubSpot", "access to HubSpot is back"]
    assert "HubSpot refuses the token (401)." in hook.heard[0][1]


def test_other_checks_that_fail_are_told_but_not_what_no_run_needs(telling, hook):
    telling.after_check([*ALL_WELL, Check("lists", False, "no list", 0), Check("properties", False, "missing: x", 2)])
    telling.after_check(ALL_WELL)

    assert hook.titles == ["check failing (properties)", "all checks are fine"]


def test_a_disk_that_fills_up_is_told_and_does_not_come_and_go(telling, hook):
    mb = 1_000_000
    for free in (2000, 1023, 1024, 1100, 1023, 1127):
        telling.disk({"home": free * mb, "archive": 5000 * mb})

    assert hook.titles == ["disk low", "disk has room again"]
    assert "- home: 1,023 MB free" in hook.heard[0][1]
    assert "archive:" not in hook.heard[0][1]


def test_a_source_that_comes_and_goes_is_told_when_it_stays_away(telling, hook, clock):
    for _ in range(100):  # S3 that fails every other time
        telling.source_problem("north", "EndpointConnectionError")
        clock.go(seconds=30)
        telling.source_ok("north")
        clock.go(seconds=30)
    assert hook.heard == []
    telling.source_problem("north", "EndpointConnectionError")
    clock.at += PATIENCE - timedelta(seconds=1)
    telling.source_problem("north", "EndpointConnectionError")
    assert hook.heard == []
    clock.go(seconds=1)
    for _ in range(5):
        telling.source_problem("north", "EndpointConnectionError")
    telling.source_ok("north")

    assert hook.titles == ["source north unreachable", "source north is back"]
    assert "can't be reached: EndpointConnectionError" in hook.heard[0][1]


def test_the_archive_and_incomplete_exports_are_told_at_once(telling, hook):
    for _ in range(2):
        telling.archive_problem("AccessDenied")
        telling.exports_incomplete("the last orders export is 9 days old.")
    for _ in range(2):
        telling.archive_ok()
        telling.exports_complete()

    assert hook.titles == [
        "archive unreachable",
        "no run, an export is missing",
        "archive is back",
        "exports are complete again",
    ]
    assert "no run begins: the last orders export is 9 days old." in hook.heard[1][1]


def test_a_job_that_fails_again_and_again_is_told(telling, hook, clock):
    for _ in range(30):
        telling.job_failed("settings", "tags.toml: no such key")
        clock.go(minutes=1)
    telling.job_worked("settings")

    assert hook.titles == ["settings failing", "settings works again"]


def test_recovery_after_a_restart_is_told(tell, hook, clock):
    tell().disk({"home": 0})
    tell().disk({"home": 10**12})

    assert hook.titles == ["disk low", "disk has room again"]


def test_nobody_is_told_a_secret_or_an_address(tell, configured, ran, hook, clock):
    telling = tell(configured(GOLDPAN_HEARTBEAT_URL="http://127.0.0.1:1/3f2a-secret-uuid-9999"))
    telling.source_problem("north", f"jane@example.org with {TOKEN}")
    clock.at += PATIENCE
    telling.source_problem("north", f"jane@example.org with {TOKEN} at /3f2a-secret-uuid-9999")

    said = hook.heard[0][1]
    assert "can't be reached: *** with *** at /***" in said
