"""What happens to contacts in HubSpot between two nights, and what a run says of them."""

import sqlite3
from collections import Counter
from collections.abc import Mapping

from sync.sandbox import Sandbox
from tests.cli.installation import (
    MEMBERS,
    READ,
    TAGS,
    Installation,
    Row,
    member,
    tags_in,
    writes_in,
)
from tests.cli.test_run import assert_documented, counted
from tests.sandbox.hub import CONTACTS, Hub, one

SETTLED = {"total": 6, "unchanged": 5, "unsendable": 1}
"""What a night says in which nothing is to be done for the six usual contacts."""
CLEARED = {
    TAGS: "",
    "total_order_value": "",
    "estimated_savings": "",
    "membership_start": "",
    "membership_expires": "",
    "member_since": "",
    "membership_category": "",
    "customer_id": "",
    "customer_name": "",
}
"""A contact that holds nothing of Goldpan's."""


def members(
    changed: Mapping[str, Mapping[str, str]] | None = None, *more: Row, without: tuple[str, ...] = ()
) -> list[Row]:
    """The usual export with some cells changed, rows added, or contacts missing; both by address."""
    changed = changed or {}
    kept = [row for row in MEMBERS if row["Contact Email"] not in without]
    return [{**row, **changed.get(row["Contact Email"], {})} for row in kept] + list(more)


def renamed(*emails: str) -> list[Row]:
    """The usual export, in which these contacts have another name."""
    return members({email: {"Customer Name": f"New Name of {email.partition('@')[0]}"} for email in emails})


def moved(old: str, new: str) -> list[Row]:
    """The usual export, in which a customer has another address."""
    return members({old: {"Contact Email": new}})


def second_row(number: int, email: str) -> Row:
    """A further membership of a customer, bought long ago, with an address of its own."""
    return member(number, "Second Address", email, "2020-01-01", "2021-01-01")


def archive(hub: Hub, email: str) -> None:
    """Somebody deletes a contact; it could be restored for 90 days."""
    assert hub.batch("archive", {"id": hub.id_of(email)}).status == 204


def erase(hub: Hub, email: str) -> None:
    """Somebody deletes a contact for good, as the GDPR wants it."""
    assert hub.call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": email, "idProperty": "email"}).status == 204


def edit(hub: Hub, email: str, **values: str) -> None:
    """Somebody edits a contact."""
    answer = hub.batch("update", {"id": hub.id_of(email), "properties": values})
    assert answer.status == 200, answer.data


def make(hub: Hub, email: str, **values: str) -> None:
    """Somebody makes a contact."""
    assert hub.upsert(one(email, **values)).status == 200


def restrict_options(hub: Hub, *dropped: str, added: tuple[str, ...] = ()) -> None:
    """Somebody edits the options of the tag property; what contacts carry stays as it is."""
    path = f"/crm/v3/properties/contacts/{TAGS}"
    kept = [option for option in hub.call("GET", path).json()["options"] if option["value"] not in dropped]
    kept += [{"label": value.title(), "value": value, "hidden": False, "displayOrder": -1} for value in added]
    assert hub.call("PATCH", path, {"options": kept}).status == 200


def options_of(hub: Hub) -> set[str]:
    """The options of the tag property."""
    return {option["value"] for option in hub.call("GET", f"/crm/v3/properties/contacts/{TAGS}").json()["options"]}


def add_tags(hub: Hub, sandbox: Sandbox, email: str, *values: str) -> None:
    """Somebody adds options to the tags of a contact."""
    edit(hub, email, **{TAGS: ";".join(sorted(tags_in(sandbox)[email] | set(values)))})


def listed(goldpan: Installation, run: str = "latest") -> Counter[str]:
    """The reasons why a run left contacts alone, with how many."""
    rejects = goldpan("rejects", run, "--json", "-n", 500).json["rejects"]
    return Counter(each["Reason"] for each in rejects if each["Kind"] in ("Left alone", "Refused by HubSpot"))


def held_values(sandbox: Sandbox, email: str) -> dict[str, str]:
    """What a contact holds in Goldpan's properties."""
    values = sandbox.contacts()[email]
    return {name: values.get(name, "") for name in CLEARED}


def reads_in(sandbox: Sandbox) -> int:
    """How many requests read contacts."""
    return sum(request.path == READ for request in sandbox.requests)


def night(goldpan: Installation, *arguments: object) -> dict[str, int]:
    """A run that must not fail: what became of the contacts."""
    said = goldpan.run(*arguments)
    assert said.exit_code == 0, said.json["problems"]
    assert_documented(said.json)
    return counted(said.json)


def quiet_night(goldpan: Installation, sandbox: Sandbox, *arguments: object) -> dict[str, int]:
    """A run that must neither write nor read a contact: what it says became of them."""
    before = writes_in(sandbox), reads_in(sandbox)
    counts = night(goldpan, *arguments)
    assert (writes_in(sandbox), reads_in(sandbox)) == before
    return counts


def age(goldpan: Installation, table: str, column: str, days: int) -> None:
    """The state as it would be if this had happened days earlier."""
    with sqlite3.connect(goldpan.home / "state" / "goldpan.sqlite") as state:
        state.execute(f"UPDATE {table} SET {column} = datetime({column}, '-{days} days') || '.000000'")
    state.close()
