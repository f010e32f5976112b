"""The digest: counts and the change per tag after each run, for people who read mail."""

import email
import re

import pytest

from sync.telling.channel import open_channels
from sync.telling.digest import digest_of
from sync.telling.runs import RunTold
from tests.telling.mailbox import mailbox

ON = "[digest]\nis_on = true\n"


@pytest.fixture
def two_nights(ran):
    first = ran(tags={"expiring_soon": 100, "hfo_buy": 7})
    second = ran(
        tags={"expiring_soon": 88, "hfo_buy": 7, "odd": 1},
        contacts={"total": 1200, "created": 12, "updated": 30, "unchanged": 1158},
        rows={"read": 2000, "kept": 1990, "merged": 8, "skipped": 2, "warnings": 3},
        notes=["The tag Expiring Soon is <small>."],
    )
    return first, second


def test_off_unless_it_is_wanted(telling, ran, hook):
    telling.after_run(ran())

    assert hook.heard == []


def test_it_tells_counts_and_what_changed_since_the_run_before(tell, configured, two_nights, hook):
    tell(configured(ON)).after_run(two_nights[1])

    ((title, said, level),) = hook.heard
    assert (title, level) == ("Goldpan: done, 12 created, 30 updated", "success")
    assert said == (
        "The run r2 as of 2026-11-20 (portal 7): done.\n"
        "\nContacts: 1,200:\n- unchanged: 1,158\n- created: 12\n- updated: 30\n"
        "\nRows of the exports:\n- read: 2,000\n- kept: 1,990\n- merged: 8\n- skipped: 2\n- warnings: 3\n"
        "\nContacts with each tag, and the change since run r1 as of 2026-11-20:\n"
        "- HFO Buy: 7 (+0)\n- Expiring Soon: 88 (-12)\n- odd: 1 (+1)\n"
        "\nNote: The tag Expiring Soon is <small>.\nWhat to do: nothing.\nGoldpan on testing"
    )


def test_every_run_gets_its_own_also_one_that_is_held_with_what_to_do(tell, configured, ran, hook):
    telling = tell(configured(ON, GOLDPAN_ALERT_URLS=""))
    telling.use(configured(ON))
    brake = {"name": "tag_loss", "what": "300 contacts lose the tag Gold.", "found": 300, "limit": "25"}
    for _ in range(2):
        telling.after_run(ran("held", fingerprint="abc", brakes=[brake], contacts={"total": 300, "held": 300}))

    digests = [said for title, said, _ in hook.heard if title == "Goldpan: held, 0 created, 0 updated"]
    assert len(digests) == 2
    assert "goldpan run --approve abc" in digests[0]


def test_it_goes_to_its_own_addresses_where_it_has_some(tell, configured, ran, hook):
    telling = tell(configured(f'{ON}urls = ["{hook.url}/digest"]', GOLDPAN_ALERT_URLS=f"{hook.url}/alerts"))

    telling.after_run(ran())
    telling.after_run(ran("failed"))

    assert hook.paths == ["/hook/digest", "/hook/alerts", "/hook/digest"]


def test_the_first_run_compares_with_nothing(tell, configured, ran, hook):
    tell(configured(ON)).after_run(ran(tags={"expiring_soon": 3}))

    assert "Contacts with each tag:\n- Expiring Soon: 3\n" in hook.heard[0][1]


def test_mail_gets_a_table_with_everything_escaped(two_nights):
    first, second = map(RunTold.of_record, two_nights)
    message = digest_of(second, first, {"expiring_soon": "Expiring & Soon"})
    with mailbox() as (place, mails):
        (channel,) = open_channels([f"mailto://{place}/ops@example.com?from=goldpan@example.com&mode=insecure"])
        assert (channel.name, channel.send(message)) == ("mailto://127.0.0.1", "")

    (mail,) = mails
    parts = [part for part in email.message_from_string(mail).walk() if part.get_content_type() == "text/html"]
    html = parts[0].get_payload(decode=True).decode()
    assert '<td>Expiring &amp; Soon</td><td align="right">88</td><td align="right">-12</td>' in html
    assert "<small>" not in html
    assert not re.search(r"&amp;amp;|&lt;td", html)
