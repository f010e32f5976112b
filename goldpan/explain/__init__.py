"""Why one contact carries its tags: from the rows of the exports to each condition, without asking HubSpot."""

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.desired_contacts import DesiredContacts
from goldpan.explain.model import Explanation, Measures, Place
from goldpan.explain.orders import explain_orders
from goldpan.explain.rows import explain_filled, explain_rows, explain_speaker, nobody_elses
from goldpan.explain.search import find_contact
from goldpan.explain.stages import Stages
from goldpan.explain.tags import Judge
from goldpan.explain.values import exact_amount, plain, row_of
from goldpan.rules import RuleContext
from goldpan.suppression import Suppression

__all__ = ["Explanation", "explain_contact"]


def explain_contact(
    asked: str,
    memberships: Export,
    orders: Export,
    as_of: date,
    config: Config,
    *,
    suppression: Suppression | None = None,
) -> Explanation | None:
    """Work out why a contact is as it is, by the steps that a run takes.

    Args:
        asked: An address of the contact (one that only a replaced row has will do), or a customer id behind it.
        memberships: The export as read.
        orders: Likewise.
        as_of: The business date.
        config: The rules.
        suppression: Who is never written.

    Returns:
        The explanation; ``None`` where no membership row leads to anybody.

    Raises:
        DataError: As :func:`goldpan.pipeline.refine` does.
    """
    stages = Stages.of(memberships, orders, as_of, config)
    found = find_contact(asked, stages)
    if found is None:
        return None
    contact = found.contact.iloc[0]
    rows, other_rows = explain_rows(contact["contact_key"], stages)
    order_rows, customers = explain_orders(contact["contact_key"], stages)
    judge = Judge(found.contact, RuleContext(config.contact_columns(), as_of, config.rules.savings_share))
    desired = DesiredContacts(replace(stages.refined, contacts=found.contact), config, suppression)
    return Explanation(
        as_of=as_of,
        exports=(*_places(memberships), *_places(orders)),
        found_by=found.found_by,
        others_in_rows=tuple(row_of(memberships, number) for number in found.others_in_rows),
        contact_key=contact["contact_key"],
        email=plain(contact["email"]),
        customer_name=plain(contact["customer_name"]),
        addresses=nobody_elses(contact, rows, stages),
        rows=rows,
        other_rows=other_rows,
        renewal_window_days=config.rules.renewal_window_days,
        speaker=explain_speaker(contact, stages),
        filled=explain_filled(contact, rows, stages),
        orders=order_rows,
        customers=customers,
        total=exact_amount(int(contact["total_order_value_micros"])),
        savings=contact["estimated_savings"],
        savings_share=config.rules.savings_share,
        measures=_measures(contact),
        tags=tuple(map(judge.tag, config.tags)),
        may_create=bool(desired.may_create.any()),
        is_suppressed=bool(desired.is_suppressed.any()),
        wanted=_wanted(desired),
    )


def _places(export: Export) -> tuple[Place, ...]:
    return tuple(Place(export.kind, part.file, part.sheet, part.header_row) for part in export.parts)


def _measures(contact: "pd.Series[Any]") -> Measures:
    return Measures(
        member_since=plain(contact["member_since"]),
        start_on=plain(contact["start_on"]),
        expires_on=plain(contact["expires_on"]),
        renewals=int(contact["renewals"]),
        days_until_expiration=plain(contact["days_until_expiration"]),
        days_since_start=plain(contact["days_since_start"]),
        category=contact["membership_category"],
    )


def _wanted(desired: DesiredContacts) -> dict[str, str]:
    """The values of the one contact, by property; none where it has no address."""
    return {name: texts[0].as_py() for name, texts in desired.texts.items() if len(texts)}
