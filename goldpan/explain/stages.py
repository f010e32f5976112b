"""The frames between the steps: what the pipeline knew of each row on its way to the contacts."""

from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from goldpan.config import Config
from goldpan.conform import Export
from goldpan.model import Finding
from goldpan.pipeline import Refined, refine
from goldpan.report import all_findings
from goldpan.steps.contacts import assign_contacts
from goldpan.steps.orders import link_repeated_orders
from goldpan.steps.renewals import link_renewals


@dataclass(frozen=True)
class Stages:
    """A pair of exports at every stage, by the steps that a run takes.

    Attributes:
        refined: The contacts, as a run makes them.
        linked: One row per membership row (:func:`goldpan.steps.renewals.link_renewals`), with ``kept_row`` (the row
            that stays in its place, or itself) and ``contact_key``.
        counted: One row per order row, with ``repeats_row``.
    """

    memberships: Export
    orders: Export
    config: Config
    refined: Refined
    linked: pd.DataFrame
    counted: pd.DataFrame

    @classmethod
    def of(cls, memberships: Export, orders: Export, as_of: date, config: Config) -> "Stages":
        """Take every step.

        Raises:
            DataError: As :func:`goldpan.pipeline.refine` does.
        """
        rules = config.rules
        refined = refine(memberships.frame, orders.frame, as_of, config)
        linked = link_renewals(
            memberships.frame, renewal_window_days=rules.renewal_window_days, match_on=rules.match_on
        ).reset_index(drop=True)
        stays = assign_contacts(linked[linked["replaced_by"].isna()])
        kept_row = linked["replaced_by"].fillna(linked["source_row"])
        contact_key = kept_row.map(stays.set_index("source_row")["contact_key"])
        return cls(
            memberships=memberships,
            orders=orders,
            config=config,
            refined=refined,
            linked=linked.assign(kept_row=kept_row, contact_key=contact_key),
            counted=link_repeated_orders(orders.frame),
        )

    def findings(self, kind: str, rows: "pd.Series[int]") -> dict[int, tuple[Finding, ...]]:
        """What is odd about these rows of one export, by row."""
        wanted = {kind: set(rows)}

        def only(export: Export) -> Export:
            is_wanted = export.findings["row"].isin(wanted.get(export.kind, ()))
            return replace(export, findings=export.findings[is_wanted])

        notes = self.refined.notes
        notes = notes[(notes["kind"] == kind) & notes["row"].isin(wanted[kind])]
        found = all_findings(only(self.memberships), only(self.orders), replace(self.refined, notes=notes), self.config)
        by_row: dict[int, tuple[Finding, ...]] = {}
        for line in found.itertuples(index=False):
            by_row[line.row] = (*by_row.get(line.row, ()), Finding(**line._asdict()))
        return by_row
