"""What runs make people hear: alerts on how they ended, the heartbeat, and the digest."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, select

from goldpan.desired import tag_options
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.runs import StoredRun, is_full
from sync.state.store import State
from sync.telling.alerting import Alerting
from sync.telling.digest import digest_of
from sync.telling.heartbeat import ping
from sync.telling.runs import RunTold, message_on_run

REPAIR = "repair"


class Nights:
    """Tells of runs, those of other processes too, such as an approval on the command line.

    Attributes:
        settings: Who is told; set before anything else is done.

    Args:
        state: What ran.
        alerting: Tells.
        clock: The time.
    """

    settings: AppSettings

    def __init__(self, state: State, alerting: Alerting, clock: Callable[[], datetime]) -> None:
        self._state, self._alerting, self._clock = state, alerting, clock
        self._told_plans: dict[str, str] = {}

    def ping(self, run: RunTold) -> None:
        """The heartbeat: well is a night that reached HubSpot."""
        if run.kind != REPAIR and self.settings.heartbeat_url:
            ping(self.settings.heartbeat_url, is_well=run.has_reached_hubspot)

    def stand(self, run: RunTold, *, topic: str = "", is_run: bool = True) -> None:
        """How things stand after a run.

        Args:
            run: The run.
            topic: What it speaks for, if that is known.
            is_run: Whether it has just ended.
        """
        topic = topic or self._topic_of(run)
        told = self._told_plans.get(topic, "")
        is_told = self._alerting.stand(
            topic,
            run.status,
            lambda reason, before: message_on_run(run, topic, reason, before),
            self._clock(),
            is_news=run.status == "held" and told not in ("", run.fingerprint),
            is_run=is_run,
        )
        if is_told or not told:
            self._told_plans[topic] = run.fingerprint if run.status == "held" else ""

    def look(self) -> None:
        """How things stand by what is on record."""
        whole, repair = self._latest(is_full()), self._latest(_is_repair())
        self._look_at(whole, "run")
        if repair and whole and repair.status == "held" and whole.run_id > repair.run_id:
            self._alerting.settle(REPAIR, self._clock())  # a plan that a newer one took the place of waits for nobody
        else:
            self._look_at(repair, REPAIR)

    def send_digest(self, run: RunTold) -> None:
        """Counts, and the change of each tag against the run before."""
        digest = self.settings.file.digest
        if not digest.is_on:
            return
        c = t.runs.c
        before = self._latest(
            is_full(), c.run_id < run.run_id, c.portal_id == run.portal_id, c.status.in_(["done", "partial"])
        )
        labels = {option.value: option.label for option in tag_options(self.settings.config)}
        message = digest_of(run, RunTold.of_stored(before) if before and run.tags else None, labels)
        self._alerting.tell_event("digest", message, self._clock(), lambda: digest.urls or self.settings.alert_urls)

    def _look_at(self, stored: StoredRun | None, topic: str) -> None:
        if stored is None or stored.finished_at is None or stored.status == "interrupted":
            return
        run, before = RunTold.of_stored(stored), self._alerting.state_of(topic)
        # What was told of after this run ended is newer: a run that could not even be put on record.
        if before is None or before.status == run.status or stored.finished_at > before.since_at:
            self.stand(run, topic=topic, is_run=False)

    def _latest(self, *where: ColumnElement[bool]) -> StoredRun | None:
        found = self._state.runs.find(*where, limit=1)
        return found[0] if found else None

    def _topic_of(self, run: RunTold) -> str:
        """An approved repair speaks for repairs: one that is held must not be forgotten after a good night."""
        if run.kind != "approve":
            return REPAIR if run.kind == REPAIR else "run"
        approved = self._latest(t.runs.c.run_id == run.parent_id)
        return REPAIR if approved is not None and approved.kind == REPAIR else "run"


def _is_repair() -> ColumnElement[bool]:
    repairs = t.runs.alias("repairs")
    parents = select(repairs.c.run_id).where(repairs.c.kind == REPAIR)
    return (t.runs.c.kind == REPAIR) | ((t.runs.c.kind == "approve") & t.runs.c.parent_id.in_(parents))
