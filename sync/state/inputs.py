"""The exports that runs used, where the archive keeps them, and which were accepted."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, insert, select, update

from sync.state import tables as t


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An export that the archive keeps."""

    kind: str
    name: str
    sha256: str
    path: Path


class Inputs:
    """Exports, by content."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, run_id: str, stored: StoredInput, *, rows: int) -> None:
        """Put on record that a run uses an export, and where the archive keeps it."""
        known = select(t.inputs.c.sha256).where(t.inputs.c.sha256 == stored.sha256, t.inputs.c.kind == stored.kind)
        with self._engine.begin() as connection:
            if connection.execute(known).first() is None:
                connection.execute(
                    insert(t.inputs).values(
                        sha256=stored.sha256,
                        kind=stored.kind,
                        name=stored.name,
                        size_bytes=stored.path.stat().st_size,
                        path=str(stored.path),
                    )
                )
            connection.execute(
                insert(t.run_inputs).values(
                    run_id=run_id,
                    kind=stored.kind,
                    sha256=stored.sha256,
                    name=stored.name,
                    rows=rows,
                    is_accepted=False,
                )
            )

    def accept(self, run_id: str) -> None:
        """A run planned from these exports was sent, or had nothing to send."""
        with self._engine.begin() as connection:
            connection.execute(update(t.run_inputs).where(t.run_inputs.c.run_id == run_id).values(is_accepted=True))

    def of_run(self, run_id: str, kind: str) -> StoredInput | None:
        """The export of this kind that a run used."""
        return self._first(t.run_inputs.c.kind == kind, t.run_inputs.c.run_id == run_id)

    def last_accepted(self, kind: str) -> StoredInput | None:
        """The export of this kind that was accepted last."""
        return self._first(t.run_inputs.c.kind == kind, t.run_inputs.c.is_accepted)

    def _first(self, *where: ColumnElement[bool]) -> StoredInput | None:
        query = (
            select(t.run_inputs.c.kind, t.run_inputs.c.name, t.run_inputs.c.sha256, t.inputs.c.path)
            .join(t.inputs, (t.inputs.c.sha256 == t.run_inputs.c.sha256) & (t.inputs.c.kind == t.run_inputs.c.kind))
            .where(*where)
            .order_by(t.run_inputs.c.run_id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return StoredInput(row.kind, row.name, row.sha256, Path(row.path)) if row else None
