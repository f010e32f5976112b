"""Channels: only what is no secret is shown of an address, and a failure is told in words."""

import sys

import pytest

from goldpan.errors import ConfigError
from sync.telling.channel import Message, open_channels

MESSAGE = Message("Goldpan: test", "What.\nWhat to do: nothing.", "warning")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("json://someone:hunter42@127.0.0.1:8080/secret/path", "json://127.0.0.1"),
        ("mailto://someone:hunter42@example.com", "mailto://example.com"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "https"),
        ("tgram://123456789:abcdefghijklmnopqrstuvwxyzabcdefgh/12315544", "tgram"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord"),
        ("ntfy://mysecrettopic", "ntfy"),
        ("gotify://push.example.com/Asecrettoken123", "gotify://push.example.com"),
        ("nosuchservice://secrethost/secret", "nosuchservice"),
        ("secret without a scheme", "unknown"),
    ],
)
def test_of_an_address_only_the_kind_and_a_true_host_are_shown(url, name):
    (channel,) = open_channels([url])

    assert channel.name == name
    assert "secret" not in repr(channel)
    assert "hunter42" not in repr(channel)


def test_a_message_arrives_with_its_title_text_and_how_bad_it_is(hook):
    (channel,) = open_channels([hook.url])

    assert channel.send(MESSAGE) == ""
    assert hook.heard == [("Goldpan: test", "What.\nWhat to do: nothing.", "warning")]


def test_what_failed_is_said_without_the_address(hook, capfd):
    hook.statuses = [401]
    channels = open_channels([f"json://user:hunter4242@{hook.place}/path", "json://127.0.0.1:1/secret-path-1234"])

    refused, away = [channel.send(MESSAGE) for channel in channels]

    assert "401" in refused
    assert "127.0.0.1" in away
    assert not any(secret in refused + away for secret in ("hunter4242", "secret-path-1234"))
    assert capfd.readouterr() == ("", "")


def test_an_address_that_apprise_cannot_read_says_where_to_mend_it():
    (channel,) = open_channels(["nosuchservice://x"])

    assert "GOLDPAN_ALERT_URLS" in channel.send(MESSAGE)


def test_the_same_address_twice_is_one_channel(hook):
    assert len(open_channels([hook.url, hook.url])) == 1


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(ConfigError, match=r"pip install 'goldpan\[alerts\]'"):
        open_channels(["json://127.0.0.1"])
    assert open_channels([]) == ()
