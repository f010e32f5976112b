"""The digest: one message after each run with its counts and what changed; no names."""

from collections.abc import Iterator, Mapping
from html import escape

from sync.record import CONTACT_COUNTS
from sync.telling.channel import Message
from sync.telling.conditions import OK, Reason
from sync.telling.runs import LEVELS, RunTold, message_on_run

Table = list[tuple[str, ...]]


def digest_of(run: RunTold, before: RunTold | None, labels: Mapping[str, str]) -> Message:
    """What a run did, for whoever reads mail and not servers.

    Args:
        run: The run.
        before: The run before it that was sent; its tags are compared.
        labels: How each tag is called, by its value, in the order of the config.
    """
    status = "done" if run.status == OK else run.status
    title = f"Goldpan: {status}, {run.count('created'):,} created, {run.count('updated'):,} updated"
    head = f"{run.called}: {status}."
    advice = "What to do: nothing." if run.status == OK else message_on_run(run, "run", Reason.CHANGED, None).text
    against = f", and the change since run {before.run_id} as of {before.as_of}" if before else ""
    tables: dict[str, Table] = {
        f"Contacts: {run.count('total'):,}": [*_contacts(run)],
        "Rows of the exports": [(name, f"{count:,}") for name, count in run.rows.items()],
        f"Contacts with each tag{against}": [*_tags(run, before, labels)],
    }
    shown = {caption: table for caption, table in tables.items() if table}
    return Message(
        title, _text(head, shown, run, advice), LEVELS.get(run.status, "info"), _html(head, shown, run, advice)
    )


def _contacts(run: RunTold) -> Iterator[tuple[str, ...]]:
    for name in CONTACT_COUNTS:
        if run.count(name):
            yield name.replace("_", " "), f"{run.count(name):,}"


def _tags(run: RunTold, before: RunTold | None, labels: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for value in [*(each for each in labels if each in run.tags), *(each for each in run.tags if each not in labels)]:
        count = run.tags[value]
        change = (f"{count - before.tags.get(value, 0):+,}",) if before else ()
        yield labels.get(value, value), f"{count:,}", *change


def _text(head: str, tables: Mapping[str, Table], run: RunTold, advice: str) -> str:
    lines = [head]
    for caption, table in tables.items():
        lines += ["", f"{caption}:"]
        lines += [f"- {name}: {rest[0]}{f' ({rest[1]})' if rest[1:] else ''}" for name, *rest in table]
    lines += ["", *(f"Note: {note}" for note in run.notes), advice]
    return "\n".join(lines)


def _html(head: str, tables: Mapping[str, Table], run: RunTold, advice: str) -> str:
    parts = [f"<p><b>{escape(head)}</b></p>"]
    for caption, table in tables.items():
        rows = "".join(f"<tr>{_cells(row)}</tr>" for row in table)
        parts.append(f'<p>{escape(caption)}</p><table border="1" cellpadding="4" cellspacing="0">{rows}</table>')
    parts += [f"<p>Note: {escape(note)}</p>" for note in run.notes]
    parts.append(f"<p>{escape(advice).replace(chr(10), '<br>')}</p>")
    return "".join(parts)


def _cells(row: tuple[str, ...]) -> str:
    name, *figures = row
    return f"<td>{escape(name)}</td>" + "".join(f'<td align="right">{escape(each)}</td>' for each in figures)
