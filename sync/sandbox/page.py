"""The page at ``/``: who is in the portal and how many carry each tag, for people and as JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from sync.sandbox.answers import Json
from sync.sandbox.contacts import Contact
from sync.sandbox.definitions import Definition
from sync.sandbox.portal import Portal

SHOWN = 50  # contacts on the page
STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def snapshot(portal: Portal, search: str = "") -> Json:
    """The portal in one JSON object.

    Args:
        portal: The account.
        search: Shows only contacts with this text in any value, in any case.
    """
    with portal.transaction():
        contacts = portal.contacts.all()
        definitions = portal.schema.definitions()
    found = [contact for contact in contacts if _has(contact, search.strip().casefold())]
    return {
        "portal_id": portal.id,
        "account_type": "DEVELOPER_TEST",
        "contacts": len(contacts),
        "found": len(found),
        "tags": [_tags(definition, contacts) for definition in multiple_choices(definitions.values())],
        "properties": [_property(definition, contacts) for definition in definitions.values()],
        "latest": [
            {"id": str(contact.id), "updated_at": contact.updated_at, "properties": contact.properties}
            for contact in sorted(found, key=lambda contact: (contact.updated_at, contact.id), reverse=True)[:SHOWN]
        ],
    }


def multiple_choices(definitions: Iterable[Definition]) -> list[Definition]:
    """The checkbox properties that someone made."""
    return [definition for definition in definitions if definition.field_type == "checkbox" and definition.is_custom]


def tag_counts(definition: Definition, contacts: Iterable[Contact]) -> dict[str, int]:
    """How many contacts carry each option, in the options' order; values whose option is gone come last."""
    counts = Counter(
        value for contact in contacts for value in contact.properties.get(definition.name, "").split(";") if value
    )
    return {value: counts[value] for value in dict.fromkeys([*definition.options, *sorted(counts)])}


def _has(contact: Contact, text: str) -> bool:
    return not text or any(text in value.casefold() for value in contact.properties.values())


def _tags(definition: Definition, contacts: Sequence[Contact]) -> Json:
    labels = {option["value"]: option["label"] for option in definition.body["options"]}
    return {
        "property": definition.name,
        "label": definition.body["label"],
        "options": [
            {"value": value, "label": labels.get(value, value), "contacts": count}
            for value, count in tag_counts(definition, contacts).items()
        ],
    }


def _property(definition: Definition, contacts: Sequence[Contact]) -> Json:
    return {
        "name": definition.name,
        "label": definition.body["label"],
        "type": definition.type,
        "field_type": definition.field_type,
        "group": definition.body["groupName"],
        "is_custom": definition.is_custom,
        "filled": sum(definition.name in contact.properties for contact in contacts),
    }


def page(shot: Json, search: str = "") -> str:
    """The snapshot as one self-contained HTML page."""
    tags = (
        "".join(_tag_section(tags, shot["contacts"] or 1) for tags in shot["tags"])
        or "<p>No checkbox property yet.</p>"
    )
    properties = _table(
        ("Property", "Label", "Type", "Group", "Contacts with a value"),
        [
            (
                body["name"],
                body["label"],
                f"{body['type']} / {body['field_type']}",
                body["group"],
                f"{body['filled']:,}",
            )
            for body in shot["properties"]
            if body["is_custom"] or body["filled"]
        ],
    )
    names = [body["name"] for body in shot["properties"] if body["is_custom"] and body["filled"]]
    latest = _table(
        ("E-mail", *names, "Last modified"),
        [
            (
                contact["properties"].get("email", contact["id"]),
                *(contact["properties"].get(name, "").replace(";", "; ") for name in names),
                contact["updated_at"][:19].replace("T", " "),
            )
            for contact in shot["latest"]
        ],
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>HubSpot sandbox {shot["portal_id"]}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>HubSpot sandbox</h1>
<p>A stand-in on this machine, portal {shot["portal_id"]}. Nothing here reaches HubSpot. <a href="/.json">JSON</a></p>
</header>
<main>
<p class="figure"><strong>{shot["contacts"]:,}</strong> contacts</p>
{tags}
<section>
<h2>Contacts</h2>
<form action="/" role="search">
<label>Search <input type="search" name="q" value="{escape(search)}" placeholder="any value"></label>
<button>Find</button>
<span>{min(len(shot["latest"]), SHOWN)} of {shot["found"]:,}, last modified first</span>
</form>
{latest}
</section>
<section>
<h2>Properties</h2>
{properties}
</section>
</main>
</body>
</html>
"""


def _tag_section(tags: Json, everyone: int) -> str:
    bars = "".join(
        f'<li><span class="label" title="{escape(option["value"])}">{escape(option["label"])}</span>'
        f'<span class="bar" aria-hidden="true"><span style="width: {option["contacts"] / everyone:.1%}"></span></span>'
        f'<span class="count">{option["contacts"]:,}</span></li>'
        for option in tags["options"]
    )
    return f'<section><h2>{escape(tags["label"])}</h2><ul class="bars">{bars}</ul></section>'


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
