"""One probe from beginning to end: the right account, the experiments, and the cleaning up whatever happens."""

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from goldpan.errors import ConfigError
from goldpan.model import Portal
from sync.app import now, open_access, open_destination, open_state
from sync.destinations.hubspot.answers import text
from sync.destinations.hubspot.pace import Pace
from sync.locking import single_flight
from sync.pausing import refuse_while_paused
from sync.preflight import check_portal
from sync.probe.asking import Asker
from sync.probe.bench import PREFIX, Bench, in_words
from sync.probe.cleaning import clean, everything
from sync.probe.experiments import EXPERIMENTS, Experiment
from sync.probe.report import Finding, ProbeReport, Result
from sync.settings import AppSettings

TEST_ACCOUNT = "DEVELOPER_TEST"
DOMAIN = "example.com"  # reserved (RFC 2606): nobody lives there, and unlike .example and .test its top level exists

Ask = Callable[[Portal, str], None]


def run_probe(
    settings: AppSettings,
    *,
    ask: Ask,
    domain: str = DOMAIN,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ProbeReport:
    """Settle what HubSpot's documents leave open, on a developer test account only.

    Ctrl-C and SIGTERM end the experiments, not the cleaning up; a second one ends that too.

    Args:
        settings: Which token, and where HubSpot answers.
        ask: Told of the account and of the names to be used before anything is made; raises if nobody wants it.
        domain: Of the addresses of all contacts that are made.
        clock: A monotonic clock, in seconds.
        sleep: Waits that many seconds.

    Raises:
        ConfigError: Another kind of account; nothing was made.
    """
    with open_destination(settings) as destination:
        portal = check_portal(destination, settings)
    _check_account(portal)
    run = secrets.token_hex(5)
    ask(portal, PREFIX + run)
    with single_flight(settings), open_state(settings) as state, open_access(settings) as (token, url):
        refuse_while_paused(settings, state, now())
        pace = Pace(settings.file.hubspot.burst_limit, clock=clock, sleep=sleep)
        with closing(Asker(token=token, base_url=url, pace=pace, sleep=sleep)) as asker:
            if text(asker.account().body.get("portalId")) != portal.portal_id:  # of the connection that will write
                raise ConfigError("The token was exchanged for one of another portal meanwhile; nothing was tried.")
            bench = Bench(asker, run, domain.strip().lower(), sleep)
            return _probe(bench, ProbeReport(portal.portal_id, bench.name))


def _check_account(portal: Portal) -> None:
    if portal.account_type != TEST_ACCOUNT:
        raise ConfigError(
            f"Portal {portal.portal_id} is {portal.account_type or 'of unknown type'}, not {TEST_ACCOUNT}: nothing was "
            "tried. The probe makes, merges and erases contacts, so it runs on developer test accounts only. Make one "
            "in HubSpot (they are free), and put a service key of it into HUBSPOT_ACCESS_TOKEN."
        )


def _probe(bench: Bench, report: ProbeReport) -> ProbeReport:
    with _stoppable():
        try:
            bench.furnish()
            for number, experiment in enumerate(EXPERIMENTS, 1):
                _carry_out(number, experiment, bench, report)
        except KeyboardInterrupt:
            report.is_stopped = True
        except Exception as error:  # noqa: BLE001 - whatever happened, what was made is taken away
            report.problem = in_words(error)
        try:
            report.left = clean(bench)
        except KeyboardInterrupt:
            report.is_stopped = True
            report.left = everything(bench)
    report.stays = bench.stays
    report.requests = bench.asker.requests.sent
    return report


def _carry_out(number: int, experiment: Experiment, bench: Bench, report: ProbeReport) -> None:
    """One experiment; what it found before it broke off counts."""
    findings: list[Finding] = []
    problem = ""
    try:
        for finding in experiment.carry_out(bench):
            findings.append(finding)  # noqa: PERF402 - what came before the error is wanted
    except Exception as error:  # noqa: BLE001 - one that fails doesn't stop the others
        problem = in_words(error)
    finally:
        report.results.append(Result(number, experiment.title, tuple(findings), problem))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt, also where the shell that started this had switched that off."""
    stops = (signal.SIGINT, signal.SIGTERM)
    before = {stop: signal.signal(stop, signal.default_int_handler) for stop in stops}
    try:
        yield
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)
