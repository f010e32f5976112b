"""Goldpan's pure core: exports in, contacts and tags out. No file, network, clock, environment or log.

The public functions, in the order in which :func:`refine` calls them (:mod:`goldpan.conform` makes their input):

- :func:`process_orders_and_add_value_tiers`: what each customer bought
- :func:`deduplicate_memberships`: one row per chain of renewals
- :func:`categorize_and_sort_memberships`: days, category, and the order of the analysis
- :func:`calculate_all_membership_flags`: every tag of `config/tags.toml`
- :func:`format_for_hubspot_export`: the rows of `hubspot.csv`
- :func:`add_individual_boolean_tags_for_excel`: a pair of truth columns per tag

They are imported when first used, so that `goldpan --help` stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldpan.config import Config, parse_config
    from goldpan.conformed import Export
    from goldpan.exports import add_individual_boolean_tags_for_excel, format_for_hubspot_export
    from goldpan.pipeline import Refined, refine
    from goldpan.steps.measures import categorize_and_sort_memberships
    from goldpan.steps.orders import process_orders_and_add_value_tiers
    from goldpan.steps.renewals import deduplicate_memberships
    from goldpan.steps.tags import calculate_all_membership_flags

_HOMES = {
    "Config": "goldpan.config",
    "Export": "goldpan.conformed",
    "Refined": "goldpan.pipeline",
    "add_individual_boolean_tags_for_excel": "goldpan.exports",
    "calculate_all_membership_flags": "goldpan.steps.tags",
    "categorize_and_sort_memberships": "goldpan.steps.measures",
    "deduplicate_memberships": "goldpan.steps.renewals",
    "format_for_hubspot_export": "goldpan.exports",
    "parse_config": "goldpan.config",
    "process_orders_and_add_value_tiers": "goldpan.steps.orders",
    "refine": "goldpan.pipeline",
}

__all__ = [
    "Config",
    "Export",
    "Refined",
    "add_individual_boolean_tags_for_excel",
    "calculate_all_membership_flags",
    "categorize_and_sort_memberships",
    "deduplicate_memberships",
    "format_for_hubspot_export",
    "parse_config",
    "process_orders_and_add_value_tiers",
    "refine",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module 'goldpan' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
