"""Logs: as people and programs want them, in private files, and with nobody's address or token in them."""

import json
import logging
import os
import shutil
import stat
from contextlib import suppress

import pytest
import structlog

from goldpan.errors import ConfigError, DataError
from sync.config_files import default_config_folder
from sync.observe import NAME, configure_logs, configure_service_logs
from sync.sandbox import TOKEN
from sync.scrubbing import Scrubber, secrets_of
from sync.settings import load_settings

PERSON = "jane.doe@example.org"
HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
PING = "https://ping.example.com/0f9c2f3a-3a56-4c1b-9d5e-aaaaaaaaaaaa"


@pytest.fixture(autouse=True)
def unchanged_logging():
    """Whatever a test sets up is gone after it."""
    root, own = logging.getLogger(), logging.getLogger(NAME)
    before = (root.level, own.level, logging.raiseExceptions)
    yield
    for handler in [each for each in root.handlers if each.get_name() == NAME]:
        root.removeHandler(handler)
        with suppress(OSError):
            handler.close()
    root.setLevel(before[0])
    own.setLevel(before[1])
    logging.raiseExceptions = before[2]
    structlog.reset_defaults()


class Stderr:
    """All that was said on standard error so far."""

    def __init__(self, capsys):
        self._capsys, self._said = capsys, ""

    def getvalue(self):
        self._said += self._capsys.readouterr().err
        return self._said


@pytest.fixture
def stderr(capsys):
    return Stderr(capsys)


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Settings with these tables in goldpan.toml, and with secrets in the environment."""

    def make(toml=""):
        config = tmp_path / "config"
        if not config.exists():
            shutil.copytree(default_config_folder(), config)
        (config / "goldpan.toml").write_text(toml, encoding="utf-8")
        (config / "goldpan.toml").chmod(0o600)
        for name, value in (
            ("HUBSPOT_ACCESS_TOKEN", TOKEN),
            ("GOLDPAN_ALERT_URLS", f"{HOOK}\njson://user:hunter42@hooks.example.com/path"),
            ("GOLDPAN_HEARTBEAT_URL", PING),
        ):
            monkeypatch.setenv(name, value)
        return load_settings(config, home=tmp_path)

    return make


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_command_logs_only_what_a_person_should_look_at_unless_asked(stderr):
    for is_verbose in (False, True):
        configure_logs(is_verbose=is_verbose)
        structlog.get_logger().info("step.done", rows=3)
        structlog.get_logger().warning("run.held", changes=2)

    said = [(line["event"], line["level"]) for line in lines(stderr.getvalue())]
    assert said == [("run.held", "warning"), ("step.done", "info"), ("run.held", "warning")]


def test_lines_elsewhere_than_on_a_terminal_are_json_with_time_level_and_what_is_bound(stderr):
    configure_logs(is_verbose=True)
    with structlog.contextvars.bound_contextvars(run_id="R1"):
        structlog.get_logger().info("run.finished", contacts={"created": 2})

    (line,) = lines(stderr.getvalue())
    assert line.pop("at").endswith("Z")
    assert line == {"event": "run.finished", "level": "info", "run_id": "R1", "contacts": {"created": 2}}


def test_pretty_is_for_people_and_plain_without_a_terminal(stderr, configured):
    configure_service_logs(configured('[logs]\nformat = "pretty"'))

    structlog.get_logger().info("run.finished", created=2)

    assert "run.finished" in stderr.getvalue()
    assert "created=2" in stderr.getvalue()
    assert "\x1b" not in stderr.getvalue()


def test_libraries_speak_through_the_same_pipe_from_warnings_on(stderr, configured):
    configure_service_logs(configured())

    for name in ("apscheduler.scheduler", "urllib3.connectionpool", "botocore", "apprise", "watchfiles.main"):
        logging.getLogger(name).info("too much")
        logging.getLogger(name).warning("to %s", PERSON)

    said = [(line["event"], line["logger"]) for line in lines(stderr.getvalue())]
    assert said == [
        ("to ***", name)
        for name in ("apscheduler.scheduler", "urllib3.connectionpool", "botocore", "apprise", "watchfiles.main")
    ]


def test_a_second_set_up_takes_the_place_of_the_first(stderr):
    configure_logs()
    configure_logs()

    structlog.get_logger().warning("once")

    assert len(lines(stderr.getvalue())) == 1


def test_the_log_file_and_all_its_rotations_are_private(configured, tmp_path, stderr):
    before = os.umask(0o022)
    try:
        old = tmp_path / "logs" / "goldpan.log"
        old.parent.mkdir()
        old.write_text("of another time\n")
        old.chmod(0o644)
        configure_service_logs(configured('[logs]\nfile = "logs/goldpan.log"\nmax_mb = 1\nkeep = 2'))
        for number in range(40):
            structlog.get_logger().info("filler", number=number, text="x" * 100_000)
    finally:
        os.umask(before)

    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["goldpan.log", "goldpan.log.1", "goldpan.log.2"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all(file.stat().st_size <= 1_000_000 for file in files)
    assert lines(files[0].read_text())[-1]["number"] == 39
    assert stderr.getvalue() == ""


def test_a_log_file_that_cannot_be_written_says_what_to_do(configured, tmp_path):
    (tmp_path / "logs").write_text("a file where a folder should be")

    with pytest.raises(ConfigError, match=r"\[logs\] file in goldpan.toml"):
        configure_service_logs(configured('[logs]\nfile = "logs/goldpan.log"'))


def test_a_line_that_cannot_be_written_is_lost_without_showing_what_it_held(stderr, configured, tmp_path):
    configure_service_logs(configured('[logs]\nfile = "/dev/full"'))

    structlog.get_logger().warning("run.held", who=PERSON)

    assert stderr.getvalue() == ""


def test_every_configured_secret_is_masked_wherever_it_stands(stderr, configured):
    configure_service_logs(configured())

    log = structlog.get_logger()
    log.warning("urllib3 says", path="/0f9c2f3a-3a56-4c1b-9d5e-aaaaaaaaaaaa/fail", nested={"a": [{"b": (HOOK,)}]})
    log.warning(f"sent with {TOKEN}", error=ValueError(TOKEN), raw=TOKEN.encode(), password="hunter42")
    log.warning("parts", hook="TIiajkdnlazkcOXrIdevi7FQ", place="hooks.example.com")

    said = stderr.getvalue()
    for secret in (TOKEN, HOOK, "TIiajkdnlazkcOXrIdevi7FQ", "0f9c2f3a", "hunter42"):
        assert secret not in said
    assert "hooks.example.com" in said


def test_an_error_is_told_by_kind_and_place_and_only_goldpans_own_by_its_text(stderr):
    configure_logs()
    log = structlog.get_logger()
    try:
        try:
            {}["Jane Doe"]
        except KeyError as error:
            raise DataError("missing_columns", f"no column 'email' in the file of {PERSON}") from error
    except DataError:
        log.exception("export.refused")
        logging.getLogger("apscheduler").exception("job failed")

    own, foreign = lines(stderr.getvalue())
    for line in (own, foreign):
        assert line["exception"].startswith("DataError: no column 'email' in the file of ***\n  at ")
        assert "\nafter\nKeyError\n  at " in line["exception"]
        assert "test_observe.py" in line["exception"]
    assert "Jane Doe" not in stderr.getvalue()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"to {PERSON}.", "to ***."),
        ("jane%40example.org and o'brien+x@mail.example.co.uk", "*** and ***"),
        ("jürgen@exämple.org", "***"),
        ("j***@example.org", "***"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
        ("with bearer abcdefghi", "with Bearer ***"),
        ("pat-eu1-0123-4567 is it", "pat-*** is it"),
        ("postgresql://goldpan:secret@db.example.com/x", "postgresql://***@db.example.com/x"),
        ("https://s3/x?X-Amz-Signature=0123456789&y=1", "https://s3/x?X-Amz-Signature=***&y=1"),
        ("password=hunter4242, rest", "password=***, rest"),
        ("the token is missing; tokens: 3", "the token is missing; tokens: 3"),
        ("2026-11-20 in inbox/members@20.xlsx", "2026-11-20 in inbox/***"),
        ("12:30 @ noon, a@b", "12:30 @ noon, a@b"),
    ],
)
def test_what_is_masked_and_what_is_not(text, wanted):
    assert Scrubber().text(text) == wanted


def test_keys_numbers_and_whatever_else_is_logged_come_through_scrubbed():
    held = {PERSON: 1, "rows": 2, "share": 0.5, "is_on": True, "none": None, "password": "ab", 3: {PERSON}}

    assert Scrubber().value(held) == {
        "***": 1, "rows": 2, "share": 0.5, "is_on": True, "none": None, "password": "***", "3": ["***"],
    }  # fmt: skip


def test_a_value_that_holds_itself_ends():
    loop = {}
    loop["self"] = loop

    assert "self" in Scrubber().value(loop)


def test_long_lines_of_anything_are_quick():
    text = "a" * 300_000 + "@" + "b." * 100_000

    assert len(Scrubber().text(text)) <= len(text)


def test_secrets_of_files_and_of_the_environment_are_known(configured, tmp_path, monkeypatch):
    settings = configured('[digest]\nurls = ["json://someone:deepsecret@chat.example.com/"]')

    known = secrets_of(settings)

    assert {TOKEN, HOOK, PING, "hunter42", "deepsecret", "T1JJ3T3L2"} <= known
    assert not {"hooks.example.com", "chat.example.com", "path", "user", ""} & known
