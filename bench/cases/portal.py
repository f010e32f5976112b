"""The portal of the comparison: what is in it before the first night, and how right it is after one."""

import json
from collections.abc import Mapping
from pathlib import Path

from bench.cases import Work, product
from bench.data.sets import files
from bench.homes import set_up
from bench.stage import ask
from sync.destinations.hubspot import HubSpotDestination
from sync.sandbox import TOKEN, Sandbox
from sync.sandbox.values import ValueRefusedError, address

TAGS = "membership_status_tags"
THEIRS = "vip_by_hand"
"""An option that marketing added to the tag property, and set for some contacts by hand."""
MARKED = 20
PROPERTY = f"/crm/v3/properties/contacts/{TAGS}"
UPSERT = "/crm/v3/objects/contacts/batch/upsert"


def right(data: Path, name: str, target: str) -> Work:
    """Write what HubSpot should hold after tonight into a file: address to properties, in the order of the exports."""
    means = product.refined(product.read(*files(data, name, "xlsx")))

    def work() -> dict[str, object]:
        wanted = product.expected(means)
        Path(target).write_text(json.dumps(wanted), encoding="utf-8")
        return {"contacts": len(wanted)}

    return work, dict


def furnish(_data: Path, store: str, wanted: str) -> Work:
    """A portal with the properties and options, and a few contacts whom marketing marked by hand."""
    emails = [*_read(wanted)][:MARKED]

    def work() -> dict[str, object]:
        with Sandbox(Path(store), burst_limit=0) as sandbox:
            with HubSpotDestination(token=TOKEN, base_url=sandbox.url, burst_limit=190) as destination:
                set_up(destination, product.settings().config)
            options = ask(sandbox.url + PROPERTY, token=TOKEN)["options"]
            options.append({"value": THEIRS, "label": "VIP (by hand)", "displayOrder": -1, "hidden": False})
            ask(sandbox.url + PROPERTY, {"options": options}, token=TOKEN, method="PATCH")
            marked = [{"id": email, "idProperty": "email", "properties": {TAGS: THEIRS}} for email in emails]
            ask(sandbox.url + UPSERT, {"inputs": marked}, token=TOKEN)
        return {"marked": len(emails)}

    return work, dict


def judge(_data: Path, store: str, wanted: str, sent: str) -> Work:
    """Compare the portal with what is right.

    Args:
        store: The portal's file.
        wanted: What is right.
        sent: The addresses that the peer was to send, one a line: the others are not asked for.
    """
    right_ones = _read(wanted)
    asked = [email.lower() for email in Path(sent).read_text(encoding="utf-8").split()]

    def work() -> dict[str, object]:
        with Sandbox(Path(store), burst_limit=0) as sandbox:
            held = sandbox.contacts()
        mine = {email: right_ones[email] for email in asked if email in right_ones and _is_taken(email)}
        marked = [email for email in [*right_ones][:MARKED] if email in mine]
        return {
            "asked": len(mine),
            "missing": sum(email not in held for email in mine),
            "wrong": sum(email in held and not _holds(held[email], values) for email, values in mine.items()),
            "unwanted": sum(email not in right_ones for email in held),
            "marked": len(marked),
            "overwritten": sum(THEIRS not in held[email].get(TAGS, "").split(";") for email in marked),
        }

    return work, dict


def _is_taken(email: str) -> bool:
    """Whether HubSpot takes the address at all; nobody can be blamed for one that it refuses."""
    try:
        return bool(address(email))
    except ValueRefusedError:
        return False


def _holds(record: Mapping[str, str], values: Mapping[str, str]) -> bool:
    return all(_as_set(name, record.get(name, "")) == _as_set(name, value) for name, value in values.items())


def _as_set(name: str, value: str) -> object:
    """Values as HubSpot compares them: tags without order, numbers by value."""
    if name == TAGS:
        return set(value.split(";")) - {THEIRS}
    try:
        return float(value)
    except ValueError:
        return value


def _read(path: str) -> dict[str, dict[str, str]]:
    wanted: dict[str, dict[str, str]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return wanted
