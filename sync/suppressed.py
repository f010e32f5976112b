"""Who of the contacts in the state is suppressed, for the commands that read no exports: undo and verify."""

from collections.abc import Iterable, Mapping

from goldpan.suppression import suppressed_contacts
from sync.exports import exports_of_run
from sync.lifecycle import Work


def suppressed_among(work: Work, customer_keys: Mapping[str, str], runs: Iterable[str]) -> set[str]:
    """The addresses that are never written.

    Args:
        work: The run, with the list of the suppressed.
        customer_keys: The contacts' addresses, each with the customer id that the state knows it by.
        runs: Runs whose exports may tell which further customers are behind an address; the first that left some does.
    """
    suppression = work.settings.suppression
    found = {
        email
        for email, key in customer_keys.items()
        if suppression.has_email(email) or key in suppression.customer_keys
    }  # fmt: skip
    if suppression.customer_keys:
        found |= _behind_addresses(work, runs) & customer_keys.keys()
    return found


def _behind_addresses(work: Work, runs: Iterable[str]) -> set[str]:
    """The addresses of the contacts with a suppressed customer, by the exports of a run."""
    settings = work.settings
    for run_id in filter(None, runs):
        with exports_of_run(run_id, work.state, settings) as exports:
            if exports is not None:
                refined = exports.refined(work.record.as_of, settings.config)
                is_listed = suppressed_contacts(refined, settings.suppression)
                return set(refined.contacts.loc[is_listed, "email"].dropna())
    return set()
