"""A run over the exports, in order.

choose → read → refine → compare with the confirmed state → read HubSpot for those that differ → plan → brakes → send →
archive.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from pathlib import Path

import structlog

from goldpan.conformed import Export
from goldpan.errors import ConfigError, DataError
from goldpan.facts import Facts, facts_of
from goldpan.model import Action
from goldpan.pipeline import Refined
from goldpan.plan import Plan
from sync.app import new_run_id, now, open_destination, open_state, today
from sync.apply import Applied
from sync.archive.folder import archive_run
from sync.causes import Tonight
from sync.choosing import choose_exports
from sync.engines import Engine
from sync.exports import Delivery, ReadExports, open_engine_of
from sync.holding import hold, judge, planned_of
from sync.lifecycle import Work, carry_out
from sync.locking import single_flight
from sync.pausing import refuse_while_paused
from sync.planning import Planning
from sync.progress import NoProgress, Progress, shown
from sync.reaching import reach
from sync.reading_exports import read_chosen
from sync.record import RunRecord, count_rows
from sync.settings import AppSettings
from sync.stopping import Stop
from sync.tag_history import warnings_on_tag_sizes
from sync.writing import count_outcomes, send

log = structlog.get_logger()


@dataclass(frozen=True)
class RunRequest:
    """What one run is asked to do.

    Attributes:
        named: The exports given on the command line, by kind; ``None`` leaves the choice to the intake.
        as_of: The business date; ``None`` is today in the configured time zone.
        dry_run: Read and plan, but write nothing except the report.
        only: Send these addresses alone; empty means everybody.
        recreate: Make contacts of ``only`` again that were deleted in HubSpot.
        retry: Send again what HubSpot refused, and nothing else.
        delivered: What the service has taken in; ``None`` looks into the sources.
    """

    named: Mapping[str, Path | None] = field(default_factory=dict)
    as_of: date | None = None
    dry_run: bool = False
    only: frozenset[str] = frozenset()
    recreate: bool = False
    retry: bool = False
    delivered: tuple[Delivery, ...] | None = None

    @property
    def kind(self) -> str:
        """As the run log names it."""
        return "retry" if self.retry else "only" if self.only else "run"


def run(
    settings: AppSettings,
    request: RunRequest,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = now,
    stop: Stop | None = None,
) -> RunRecord:
    """Carry out one run.

    Returns:
        Its record, also when it failed: ``status`` and ``exit_code`` say how it ended, ``problems`` why.

    Raises:
        BusyError: Another run is going on; nothing was done.
        ConfigError: The state can't be opened; nothing was done.
    """
    with ExitStack() as stack:
        lease = None if request.dry_run else stack.enter_context(single_flight(settings))
        state = stack.enter_context(open_state(settings, read_only=request.dry_run))
        started_at = clock()
        record = RunRecord(
            run_id=new_run_id(started_at, state.runs.newest_id()),
            kind=request.kind,
            as_of=request.as_of or today(settings, started_at),
            started_at=started_at,
            dry_run=request.dry_run,
            destination=settings.file.destination,
        )
        if request.retry:
            refuse_while_paused(settings, state, started_at)
        work = Work(settings, record, state, progress or NoProgress(), clock, stop=stop or Stop(), lease=lease)
        return carry_out(work, _Run(work, request).go)


class _Run:
    """The stages of one run; each reads what the stages before it left in the record."""

    def __init__(self, work: Work, request: RunRequest) -> None:
        self.work, self.request = work, request
        self.settings, self.record, self.state = work.settings, work.record, work.state

    def go(self) -> None:
        """All stages."""
        record = self.record
        self._note_future()
        chosen = choose_exports(
            self.settings,
            self.state,
            self.request.named,
            delivered=self.request.delivered,
            is_recorded=not record.dry_run,
        )
        with open_engine_of(chain(*chosen.values()), self.settings) as engine:
            self._go_on(chosen, engine)

    def _go_on(self, chosen: Mapping[str, Sequence[Delivery]], engine: Engine) -> None:
        record = self.record
        with open_destination(self.settings, stop=self.work.stop) as destination:
            reached = reach(self.work, destination)
            with self.work.stage("read"):
                exports, delivered = read_chosen(self.work, chosen, engine)
            with self.work.stage("refine"), shown(self.work.progress, engine.stage):
                refined = self._refined(exports)
                facts = self._count_rows(exports, refined)
                exports.let_go()  # what is planned and archived takes its place in memory
                record.notes += warnings_on_tag_sizes(self.state.runs, record, record.destination, reached.portal)
            with self.work.stage("plan"):
                planning = Planning(
                    refined,
                    self.work,
                    reached,
                    only=self._only(refined, reached.contacts.refusals),
                    recreate=self.request.recreate,
                    retry=self.request.retry,
                )
                plan, tonight = planning.plan(), Tonight(delivered, refined)
                judged = judge(self.work, reached, plan, before=planning.before(), facts=facts, tonight=tonight)
            plan = judged.plan
            log.info("plan.made", changes=len(plan.changes), fingerprint=record.fingerprint)
            if not record.dry_run:
                planning.keep_proofs(plan)
            resting, refusals = planning.resting_outcomes(), planning.known_refusals
            del planning  # and with it what all contacts were compared by
            applied = Applied()
            if judged.brakes:
                hold(self.work, judged)
            elif record.dry_run:
                _count_planned(record, plan)
            else:
                with self.work.stage("send"):
                    applied = send(self.work, reached, plan.changes)
                count_outcomes(record, plan.changes, applied, refusals)
            record.check_sums()
        if record.kind == "run" and record.status in ("done", "partial") and not record.dry_run:
            self.state.inputs.accept(record.run_id)
        with record.timed("archive"), shown(self.work.progress, "Writing the analysis"):
            archive_run(
                self.settings,
                record,
                exports=exports,
                refined=refined,
                planned=planned_of(record, judged, resting),
                outcomes={**resting, **applied.outcomes},
                refused_since={email: refusal.first_at for email, refusal in refusals.items()},
            )

    def _refined(self, exports: ReadExports) -> Refined:
        """What the exports mean; orders whose amounts are none are refused like any other bad file."""
        try:
            return exports.refined(self.record.as_of, self.settings.config)
        except DataError as error:
            for noted in self.record.inputs:
                if noted.kind == "orders":
                    noted.problem = str(error)
            raise

    def _note_future(self) -> None:
        day = today(self.settings, self.record.started_at)
        if self.record.as_of > day:
            self.record.notes.append(f"This run is for {self.record.as_of}; today is {day}: tags are ahead of time.")

    def _only(self, refined: Refined, refusals: Callable[[], Mapping[str, object]]) -> frozenset[str]:
        """The addresses that the run is about; empty means everybody.

        Raises:
            ConfigError: None of them is in the exports, or nothing is refused.
        """
        wanted = frozenset(refusals()) if self.request.retry else self.request.only
        if self.request.retry and not wanted:
            raise ConfigError("HubSpot refuses nobody at the moment; there is nothing to try again.")
        emails = refined.contacts["email"]
        there = frozenset(emails[emails.isin(wanted)])
        if wanted and not there:
            raise ConfigError(
                "None of the addresses is one of a contact in the exports. See what a contact is made of: "
                "goldpan explain EMAIL"
            )
        if len(there) < len(wanted) and not self.request.retry:
            self.record.notes.append(
                f"{len(wanted) - len(there)} of the addresses are in no export; they were left out."
            )
        return there

    def _count_rows(self, exports: Mapping[str, Export], refined: Refined) -> Facts:
        config = self.settings.config
        count_rows(self.record, exports, refined, config)
        specs = {"memberships": config.memberships, "orders": config.orders}
        facts = facts_of(exports, refined, {k: tuple(c.name for c in spec.columns) for k, spec in specs.items()})
        if not self.record.dry_run:
            self.state.runs.note_facts(self.record.run_id, facts.as_json())
        return facts


def _count_planned(record: RunRecord, plan: Plan) -> None:
    created = sum(change.action is Action.CREATE for change in plan.changes)
    record.contacts["created"] = created
    record.contacts["updated"] = len(plan.changes) - created
    record.status = "done"
