"""``python -m bench.million HOME MEMBERSHIPS ORDERS``: a state in which HubSpot has confirmed almost all contacts."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.cases import product
from bench.cases.portal import UPSERT
from bench.data.sets import DIFFERENT
from bench.homes import furnish, silence
from bench.stage import ask
from goldpan.model import Confirmed
from sync.sandbox import TOKEN

BATCH = 100


def main() -> None:
    """Write it without a run; 40,000 contacts were confirmed with other values, and those alone are in the portal.

    The others are as they should be, so that nobody asks for them.
    """
    home, *exports = map(Path, sys.argv[1:])
    silence()
    settings = furnish(home)
    held = product.earlier(product.refined(product.read(*exports)), DIFFERENT)
    others = [(email, contact) for email, contact, differs in held if differs]
    known = dict(_made(os.environ["HUBSPOT_BASE_URL"], others))
    product.confirm(settings.state_url, [(email, known.get(email, contact)) for email, contact, _ in held])


def _made(url: str, contacts: Sequence[tuple[str, Confirmed]]) -> Iterator[tuple[str, Confirmed]]:
    """Put them into the portal; they come back with their records."""
    for first in range(0, len(contacts), BATCH):
        some = contacts[first : first + BATCH]
        inputs = [
            {
                "id": email,
                "idProperty": "email",
                "properties": json.loads(held.payload),
                "objectWriteTraceId": str(place),
            }
            for place, (email, held) in enumerate(some)
        ]
        for made in ask(url + UPSERT, {"inputs": inputs}, token=TOKEN)["results"]:
            email, held = some[int(made["objectWriteTraceId"])]
            yield email, replace(held, record_id=made["id"])


if __name__ == "__main__":
    main()
