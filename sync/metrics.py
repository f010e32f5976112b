"""What Prometheus reads at /metrics: asked of the state at each scrape, so that it survives restarts; no names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select

from goldpan.errors import ConfigError
from sync.app import version
from sync.approval import PLANNING
from sync.record import CONTACT_COUNTS
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.alerts import Alerts
from sync.state.runs import StoredRun, is_full
from sync.state.store import State
from sync.telling.conditions import OK
from sync.telling.disks import free_bytes

if TYPE_CHECKING:
    from prometheus_client.core import Metric

SENT = ("done", "partial")
ENDED = (*SENT, "held", "failed")

Values = Mapping[tuple[str, ...], float]


class NoMetricsError(ConfigError):
    """prometheus_client is not installed."""


@dataclass(frozen=True)
class Family:
    """One metric: its name, the names of its labels, and what it says."""

    name: str
    says: str
    labels: tuple[str, ...] = ()
    is_counter: bool = False


BUILD = Family("goldpan_build_info", "Always 1; the version of Goldpan", ("version",))
RUNS = Family("goldpan_runs_total", "Runs on record", ("kind", "status"), is_counter=True)
SUCCESS_AGE = Family("goldpan_last_success_age_seconds", "Since the last run that reached HubSpot ended")
LAST_AGE = Family("goldpan_last_run_age_seconds", "Since the last whole run ended")
LAST_STATUS = Family("goldpan_last_run_status", "1 for how the last whole run ended: " + ", ".join(ENDED), ("status",))
ROWS = Family("goldpan_last_run_rows", "Rows of the exports in the last whole run, by where they went", ("outcome",))
CONTACTS = Family("goldpan_last_run_contacts", "Contacts in the last whole run, by where they ended", ("outcome",))
REQUESTS = Family("goldpan_last_run_requests", "Requests to HubSpot in the last whole run", ("status",))
STAGES = Family("goldpan_last_run_stage_seconds", "Time of each stage of the last whole run", ("stage",))
TAGS = Family("goldpan_tag_contacts", "Contacts with each tag, by the last run that reached HubSpot", ("tag",))
HELD = Family("goldpan_held_plans", "Plans that wait for a person's approval")
DELIVERIES = Family("goldpan_deliveries", "Files that were taken in, by what became of them", ("status",))
PAUSED = Family("goldpan_paused", "1 during a pause")
ALERTS = Family("goldpan_alert_active", "1 for each topic that is not fine, as people are told", ("topic", "status"))
DISKS = Family("goldpan_disk_free_bytes", "Free space where Goldpan writes", ("place",))
LOOP_AGE = Family("goldpan_loop_age_seconds", "Since the service's loop last turned")

FAMILIES = (
    BUILD, RUNS, SUCCESS_AGE, LAST_AGE, LAST_STATUS, ROWS, CONTACTS, REQUESTS, STAGES, TAGS, HELD, DELIVERIES, PAUSED,
    ALERTS, DISKS, LOOP_AGE,
)  # fmt: skip


def render(
    settings: AppSettings, state: State, *, at: datetime, loop_age_seconds: float, accept: str = ""
) -> tuple[bytes, str]:
    """The whole page.

    Args:
        settings: Where the disks are.
        state: What is on record.
        at: The time.
        loop_age_seconds: Since the service's loop last turned.
        accept: The Accept header of whoever asks.

    Returns:
        The page, and its content type.

    Raises:
        NoMetricsError: The extra is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415 - an extra
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise NoMetricsError("/metrics needs the extra for it: pip install 'goldpan[metrics]'") from error

    class Collector:
        def collect(self) -> Iterator["Metric"]:
            values: dict[Family, Values] = {LOOP_AGE: {(): loop_age_seconds}, **dict(_values(settings, state, at))}
            return (_metric(family, values.get(family, {})) for family in FAMILIES)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _metric(family: Family, values: Values) -> "Metric":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 - an extra

    kind = CounterMetricFamily if family.is_counter else GaugeMetricFamily
    metric = kind(family.name, family.says, labels=family.labels)
    for labels, value in values.items():
        metric.add_metric(labels, value)
    return metric


def _values(settings: AppSettings, state: State, at: datetime) -> Iterator[tuple[Family, Values]]:
    yield BUILD, {(version(),): 1}
    yield RUNS, _counted(state, t.runs.c.kind, t.runs.c.status)
    yield DELIVERIES, _counted(state, t.deliveries.c.status)
    yield PAUSED, {(): state.pauses.current(at) is not None}
    active = [each for each in Alerts(state.engine).all() if each.status != OK]
    yield ALERTS, {(each.topic, each.status): 1 for each in active}
    yield DISKS, {(place,): free for place, free in free_bytes(settings).items()}
    yield HELD, {(): _waits(state)}
    last, sent = _latest(state, ENDED), _latest(state, SENT)
    if last is not None:
        yield from _of_last(last, at)
    if sent is not None:
        yield SUCCESS_AGE, {(): _age(sent, at)}
        yield TAGS, {(tag,): count for tag, count in sent.record.get("tags", {}).items()}


def _of_last(last: StoredRun, at: datetime) -> Iterator[tuple[Family, Values]]:
    record = last.record
    yield LAST_AGE, {(): _age(last, at)}
    yield LAST_STATUS, {(status,): status == last.status for status in ENDED}
    yield ROWS, {(name,): count for name, count in record.get("rows", {}).items() if name != "read"}
    contacts = record.get("contacts", {})
    yield CONTACTS, {(name,): contacts.get(name, 0) for name in CONTACT_COUNTS}
    yield REQUESTS, {(name,): count for name, count in record.get("requests", {}).items()}
    yield STAGES, {(name,): spent for name, spent in record.get("seconds", {}).items() if name != "total"}


def _age(run: StoredRun, at: datetime) -> float:
    return max(0.0, (at - (run.finished_at or run.started_at)).total_seconds())


def _counted(state: State, *columns: ColumnElement[str]) -> Values:
    query = select(*columns, func.count()).group_by(*columns)
    with state.engine.connect() as connection:
        return {tuple(map(str, row[:-1])): float(row[-1]) for row in connection.execute(query)}


def _latest(state: State, statuses: tuple[str, ...]) -> StoredRun | None:
    found = state.runs.find(is_full(), t.runs.c.status.in_(statuses), limit=1)
    return found[0] if found else None


def _waits(state: State) -> bool:
    """Whether the newest plan is held, and nobody has approved it."""
    found = state.runs.find(t.runs.c.kind.in_(PLANNING), t.runs.c.status.in_(ENDED), limit=1)
    if not found or found[0].status != "held":
        return False
    return not state.runs.find(t.runs.c.parent_id == found[0].run_id, t.runs.c.status.in_(SENT), limit=1)
