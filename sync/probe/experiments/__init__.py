"""The experiments, in the order of the open questions about HubSpot: one module each, one function that asks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sync.probe.bench import Bench
from sync.probe.experiments import (
    bad_records,
    dead_records,
    erasing,
    partial_upserts,
    rewriting,
    same_contact,
    secondary_reads,
    values,
)
from sync.probe.report import Finding


@dataclass(frozen=True, slots=True)
class Experiment:
    """A title, and what asks the questions; findings come as they are made."""

    title: str
    carry_out: Callable[[Bench], Iterator[Finding]]


EXPERIMENTS = (
    Experiment("Bad records in a batch", bad_records.carry_out),
    Experiment("One contact twice in a batch", same_contact.carry_out),
    Experiment("Upserts with few properties, and by an additional address", partial_upserts.carry_out),
    Experiment("The same value again", rewriting.carry_out),
    Experiment("Values of multi-select properties", values.carry_out),
    Experiment("Erased people, limits and the token", erasing.carry_out),
    Experiment("Records that were merged away or deleted", dead_records.carry_out),
    Experiment("Reading by an additional address", secondary_reads.carry_out),
)
