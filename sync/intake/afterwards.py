"""What a run refused: out of the archive, into `failed`."""

from pathlib import Path

from sync.intake.claiming import Claiming
from sync.intake.looked import Looked
from sync.intake.versions import rank_of
from sync.settings import AppSettings
from sync.state.deliveries import Deliveries, StoredDelivery
from sync.state.tables import deliveries as _table

_d = _table.c


class Afterwards:
    """Exports that were taken in and turned out not to be usable."""

    def __init__(self, settings: AppSettings, deliveries: Deliveries, claiming: Claiming) -> None:
        self._settings, self._deliveries = settings, deliveries
        self._archive, self._refusing = claiming.archive, claiming.refusing

    def refuse(self, sha256: str, reason: str, looked: Looked) -> None:
        """Set aside what a run could not use, if it waits; what was accepted once stays.

        Raises:
            OSError: It is completed at the next start.
        """
        for row in self._deliveries.find(_d.status == "waiting", _d.sha256 == sha256):
            self._bring_back(row, looked)  # first: a kill in between leaves both waiting, and the run refuses it again
            is_moved = not self._is_needed(row)
            refused = self._refusing.set_aside(row, reason, Path(row.path), is_moved=is_moved)
            for same in self._deliveries.find(_d.status == "duplicate", _d.path == row.path):
                self._deliveries.mark(same.delivery_id, path=refused.path)
            if is_moved:
                self._archive.remove_input(sha256)
            looked.note_refused(refused, "unusable_export")

    def complete(self) -> None:
        """Refusals that were decided and cut short."""
        self._refusing.remove_unfinished()
        for row in self._deliveries.find(_d.status == "refused", _d.sha256 != ""):
            kept = self._archive.inputs.find(row.sha256)
            if kept is not None and not self._is_needed(row):
                self._refusing.complete(row, kept)
                self._archive.remove_input(row.sha256)

    def _is_needed(self, row: StoredDelivery) -> bool:
        """Whether another delivery, or a run, needs the same content."""
        others = self._deliveries.find(
            _d.sha256 == row.sha256,
            _d.delivery_id != row.delivery_id,
            _d.status.in_(("claimed", "waiting", "accepted", "superseded")),
        )
        return bool(others) or self._deliveries.was_read(row.sha256)

    def _bring_back(self, refused: StoredDelivery, looked: Looked) -> None:
        """The version that the refused one came instead of waits again, unless a run was given something since."""
        versions = self._deliveries.versions(refused.source, refused.kind)
        last = max((each.delivery_id for each in versions if each.status == "accepted"), default=0)
        since = [each for each in versions if each.delivery_id > last and each.sha256 != refused.sha256]
        if any(each.status == "waiting" for each in since):
            return
        older = [each for each in since if each.status == "superseded" and Path(each.path).is_file()]
        if older:
            best = max(older, key=lambda each: rank_of(each, self._settings))
            looked.note(
                self._deliveries.mark(best.delivery_id, status="waiting", reason="", run_id="", finished_at=None)
            )
