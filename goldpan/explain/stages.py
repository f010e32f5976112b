"""The frames between the steps: what the pipeline knew of each row on its way to the contacts."""

from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.model import Finding
from goldpan.pipeline import Refined, refine
from goldpan.report.findings import as_people_find_them, findings_of
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
        """What is odd about these rows of one export, by their numbers in it."""
        is_membership = kind == "memberships"
        export = self.memberships if is_membership else self.orders
        spec = self.config.memberships if is_membership else self.config.orders
        notes = self.refined.notes
        notes = notes[(notes["kind"] == kind) & notes["row"].isin(rows)]
        findings = export.findings[export.findings["row"].isin(rows)]
        found = findings_of(replace(export, findings=findings), spec, replace(self.refined, notes=notes))
        by_row: dict[int, tuple[Finding, ...]] = {}
        lines = as_people_find_them(export, found).itertuples(index=False)
        for number, line in zip(found["row"], lines, strict=True):
            by_row[number] = (*by_row.get(number, ()), Finding(**line._asdict()))
        return by_row
