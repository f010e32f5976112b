"""The contacts as HubSpot should hold them: every property's value as the text that is sent (RULES section 7)."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from goldpan.columns import CATEGORIES
from goldpan.config import Config, PropertySpec
from goldpan.exports import as_plain_numbers
from goldpan.model import PropertyDefinition, PropertyOption
from goldpan.pipeline import Refined
from goldpan.policies import LeftTag
from goldpan.rules import RuleContext, as_expression
from goldpan.suppression import Suppression, suppressed_contacts

DESCRIPTION = "Kept by Goldpan; edits are overwritten"
"""Stands in every property that Goldpan makes; what lacks it belongs to somebody else."""

FILLS = "fill_blank:"
"""Stands before the names of properties in a payload whose values only fill blanks."""

_HUBSPOT_TYPES: Mapping[str, tuple[str, str]] = {
    "tags": ("enumeration", "checkbox"),
    "select": ("enumeration", "select"),
    "number": ("number", "number"),
    "date": ("date", "date"),
    "text": ("string", "text"),
}


def tag_options(config: Config) -> tuple[PropertyOption, ...]:
    """The options of the tag property that Goldpan owns, in config order."""
    options = [option for tag in config.tags for option in tag.options()]
    if isinstance(config.contacts.on_left, LeftTag):
        options.append(config.contacts.on_left.option())
    return tuple(PropertyOption(option.value, option.label) for option in options)


def property_definitions(config: Config) -> tuple[PropertyDefinition, ...]:
    """The HubSpot properties that a run needs, as `goldpan setup` makes them."""
    return tuple(_definition(spec, config) for spec in config.properties.properties)


def _definition(spec: PropertySpec, config: Config) -> PropertyDefinition:
    options: tuple[PropertyOption, ...] = ()
    if spec.type == "tags":
        options = tag_options(config)
    elif spec.type == "select":
        options = tuple(PropertyOption(value, label) for value, label in CATEGORIES.items())
    type_, field_type = _HUBSPOT_TYPES[spec.type]
    return PropertyDefinition(
        name=spec.name,
        label=spec.label or spec.name.replace("_", " ").title(),
        type=type_,
        field_type=field_type,
        group=config.properties.group.name,
        description=DESCRIPTION,
        options=options,
    )


def desired_contacts(refined: Refined, config: Config, suppression: Suppression | None = None) -> pd.DataFrame:
    """The sendable contacts as texts for HubSpot.

    Args:
        refined: The contacts, and the date they are for.
        config: Which column fills which property, and whom to create.
        suppression: Who is never written.

    Returns:
        One row per sendable contact: ``email``, one ``str`` column per property (named like it; "" = empty),
        ``payload`` (all of them as canonical JSON, what the confirmed state is compared with), ``rank`` (int64: of
        two contacts that HubSpot holds as one record the lower rank is the one to send, RULES section 4),
        ``customer_key`` (str, "" without one), ``may_create`` and ``is_suppressed`` (bool).
    """
    is_sendable = refined.contacts["email"].notna()
    sendable = refined.contacts[is_sendable]
    values = {spec.name: _as_texts(sendable[spec.column], spec) for spec in config.properties.properties}
    # A value that only fills blanks is not what HubSpot holds: it stands under another key, so that a change of the
    # policy is a difference.
    keys = [
        f"{FILLS}{spec.name}" if spec.policy == "fill_blank" else spec.name for spec in config.properties.properties
    ]
    payloads = [
        json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        for row in zip(*values.values(), strict=True)
    ]
    desired = {
        "email": sendable["email"],
        **values,
        "payload": pd.Series(payloads, index=sendable.index, dtype="str"),
        "rank": _ranks(sendable, refined.as_of),
        "customer_key": sendable["customer_id_key"].astype("str").fillna(""),
        "may_create": _may_create(sendable, refined.as_of, config),
        "is_suppressed": suppressed_contacts(refined, suppression or Suppression())[is_sendable],
    }
    return pd.DataFrame(desired).reset_index(drop=True)


def _may_create(contacts: pd.DataFrame, as_of: date, config: Config) -> "pd.Series[bool]":
    """Whom to make in HubSpot if it lacks them."""
    create = config.contacts.create
    if isinstance(create, str):
        return pd.Series(data=create == "all", index=contacts.index)
    context = RuleContext(config.contact_columns(), as_of, config.rules.savings_share)
    judged = nw.from_native(contacts).with_columns(may_create=as_expression(create, context))
    return judged.to_native()["may_create"].astype(bool)


def _as_texts(column: "pd.Series[Any]", spec: PropertySpec) -> "pd.Series[str]":
    if column.dtype.kind == "M":
        column = column.dt.strftime("%Y-%m-%d")
    elif spec.type == "number" and column.dtype.kind not in "iu":
        column = as_plain_numbers(column)
    return column.astype("str").fillna("")


def _ranks(contacts: pd.DataFrame, as_of: date) -> "pd.Series[int]":
    """The order of RULES section 4, best first: covering today, latest end, latest creation, last in the file."""
    today = pd.Timestamp(as_of)
    order = pd.DataFrame(
        {
            "covers": (contacts["member_since"] <= today) & (contacts["expires_on"] > today),
            "expires_on": contacts["expires_on"],
            "created_on": contacts["created_on"],
            "source_row": contacts["source_row"],
        }
    ).sort_values(["covers", "expires_on", "created_on", "source_row"], ascending=False, na_position="last")
    return pd.Series(range(len(order)), index=order.index, dtype="int64").reindex(contacts.index)
