"""Who is never written: addresses, domains and customer ids that a person listed."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldpan.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from goldpan.pipeline import Refined

_COMMENT = re.compile(r"(?:^|\s)#")


@dataclass(frozen=True)
class Suppression:
    """The list of those who are never written.

    Attributes:
        emails: Addresses, lower-case.
        domains: Domains, lower-case; their subdomains count too.
        customer_keys: Customer ids as they are compared (00121 and 121 are one).
    """

    emails: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    customer_keys: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.emails or self.domains or self.customer_keys)

    def has_email(self, email: str) -> bool:
        """Whether an address is listed, or its domain."""
        return email in self.emails or self.has_domain(email.rpartition("@")[2])

    def has_domain(self, domain: str) -> bool:
        """Whether a domain is listed, or one that it belongs to."""
        labels = domain.split(".")
        return any(".".join(labels[start:]) in self.domains for start in range(len(labels)))


def parse_suppression(text: str, file: str) -> Suppression:
    """Read the list: one entry a line, an address, a domain (`@example.org`) or a customer id; `#` begins a comment.

    Raises:
        ConfigError: With every line that is none of them.
    """
    from goldpan.values.emails import is_valid_email  # noqa: PLC0415 - brings pandas; most installations have no list

    emails, domains, ids, problems = set(), set(), set(), []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        entry = without_comment(line).strip("\"'").strip()
        lower = entry.lower().removeprefix("mailto:") if entry.isascii() else entry
        domain = lower.removeprefix("*").removeprefix("@")
        if not entry:
            continue
        if lower.startswith(("@", "*@")) and is_valid_email(f"x@{domain}"):
            domains.add(domain)
        elif is_valid_email(lower) and not lower.startswith("*@"):
            emails.add(lower)
        elif key := _customer_key(lower, entry):
            ids.add(key)
        else:
            problems.append(
                f"{file}: line {number}: neither an address (jane@example.org) nor a domain (@example.org) nor a "
                "customer id: correct it, nothing is sent while nobody can tell who is meant."
            )
    if problems:
        raise ConfigError.of(problems)
    return Suppression(frozenset(emails), frozenset(domains), frozenset(ids))


def without_comment(line: str) -> str:
    """A line of a list up to its comment; a `#` inside a word, as in some addresses, begins none."""
    return _COMMENT.split(line, maxsplit=1)[0].strip()


def _customer_key(lower: str, entry: str) -> str:
    """A customer id as it is compared; "" for what looks like something else: a domain without its @, a name."""
    from goldpan.values.emails import is_valid_email  # noqa: PLC0415 - brings pandas
    from goldpan.values.ids import read_id  # noqa: PLC0415 - likewise

    _, key, reason = read_id(entry)
    is_domain = is_valid_email(f"x@{lower.removeprefix('*.')}")
    is_name = any(map(str.isspace, entry)) and not any(map(str.isdigit, entry))
    return "" if reason or "@" in entry or is_domain or is_name else key or ""


def suppressed_contacts(refined: "Refined", suppression: Suppression) -> "pd.Series[bool]":
    """Which contacts are listed, by their address or by any of the customer ids behind them.

    Returns:
        One truth value per row of ``refined.contacts``, in its order.
    """
    import pandas as pd  # noqa: PLC0415 - every command reads the list, few have contacts

    contacts = refined.contacts
    if not suppression:
        return pd.Series(data=False, index=contacts.index)
    by_email = listed_addresses(contacts["email"], suppression)
    by_id = contacts["customer_id_key"].isin(suppression.customer_keys)
    shared = refined.shared_emails
    listed = [not suppression.customer_keys.isdisjoint(keys) for keys in shared["customer_keys"]]
    return by_email | by_id | contacts["contact_key"].isin(shared.loc[listed, "contact_key"])


def listed_addresses(emails: "pd.Series[str]", suppression: Suppression) -> "pd.Series[bool]":
    """Which addresses are listed, or their domains; a missing one is not. Each domain is looked at once."""
    domains = emails.str.replace(r"^.*@", "", regex=True)
    listed = [domain for domain in domains.dropna().unique() if suppression.has_domain(domain)]
    return emails.isin(suppression.emails) | domains.isin(listed)
