"""drt-core with its HubSpot destination: ``drt_sync.py RIGHT URL TOKEN AT_MOST SENT``, in a folder that stays.

drt has no rules of its own: the contacts of the file RIGHT, worked out already, are a table of a SQLite file, and
``drt run`` sends the first AT_MOST of them by its own command line. Only the address of HubSpot is another.
"""

import contextlib
import json
import os
import sqlite3
import sys
import time
from pathlib import Path

SYNC = """
name: contacts
model: ref('contacts')
destination:
  type: hubspot
  object_type: contacts
  id_property: email
  auth: {type: bearer, token_env: HUBSPOT_TOKEN}
sync:
  mode: upsert
  batch_size: 100
  on_error: skip
"""


def main() -> None:
    """Send them, the project made first if it isn't there."""
    wanted, url, token, at_most, sent = sys.argv[1:]
    contacts = json.loads(Path(wanted).read_text(encoding="utf-8"))
    home = Path.cwd()
    os.environ |= {"HOME": str(home), "HUBSPOT_TOKEN": token, "DO_NOT_TRACK": "1"}
    if not (home / "drt_project.yml").exists():
        _make_project(home, contacts)
    begin = time.perf_counter()
    import drt.destinations.hubspot as destination  # noqa: PLC0415 - it reads HOME
    from drt.cli.main import app  # noqa: PLC0415 - it reads HOME

    destination._HUBSPOT_API = f"{url}/crm/v3/objects"  # noqa: SLF001 - its address is a constant
    destination._HUBSPOT_PROPERTIES_API = f"{url}/crm/v3/properties"  # noqa: SLF001 - its address is a constant
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        app(["run", "--limit", at_most])
    chosen = [*contacts][: int(at_most)]
    Path(sent).write_text("\n".join(chosen), encoding="utf-8")
    print(json.dumps({"of": len(contacts), "sent": len(chosen), "sending_seconds": time.perf_counter() - begin}))


def _make_project(home: Path, contacts: dict[str, dict[str, str]]) -> None:
    names = ["email", *next(iter(contacts.values()))]
    with contextlib.closing(sqlite3.connect(home / "contacts.sqlite")) as database:
        database.execute(f"CREATE TABLE contacts ({', '.join(names)})")
        rows = [[email, *values.values()] for email, values in contacts.items()]
        database.executemany(f"INSERT INTO contacts VALUES ({', '.join('?' * len(names))})", rows)
        database.commit()
    (home / ".drt").mkdir(exist_ok=True)
    database_file = home / "contacts.sqlite"
    (home / ".drt" / "profiles.yml").write_text(f"default:\n  type: sqlite\n  database: {database_file}\n", "utf-8")
    (home / "drt_project.yml").write_text("name: bench\nprofile: default\n", "utf-8")
    (home / "syncs").mkdir(exist_ok=True)
    (home / "syncs" / "contacts.yml").write_text(SYNC, "utf-8")


if __name__ == "__main__":
    main()
