"""A plain loop of the official client over batches of 100, as its documentation shows it: no state.

``plain_loop.py RIGHT URL TOKEN SENT``: the contacts of the file RIGHT, worked out already; their addresses go to SENT.
"""

import json
import sys
import time
from pathlib import Path

from hubspot import HubSpot
from hubspot.crm.contacts import ApiException, BatchInputSimplePublicObjectBatchInputUpsert

BATCH = 100


def main() -> None:
    """Send everybody once."""
    wanted, url, token, sent = sys.argv[1:]
    contacts = list(json.loads(Path(wanted).read_text(encoding="utf-8")).items())
    begin = time.perf_counter()
    client = HubSpot(access_token=token, host=url)
    for first in range(0, len(contacts), BATCH):
        inputs = [
            {"id": email, "idProperty": "email", "properties": values}
            for email, values in contacts[first : first + BATCH]
        ]
        try:
            client.crm.contacts.batch_api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))
        except ApiException as error:
            print("Exception when calling batch_api->upsert:", error.status, file=sys.stderr)
        except Exception as error:  # noqa: BLE001 - a closed connection; a loop that runs every night survives it
            print("Exception when calling batch_api->upsert:", type(error).__name__, file=sys.stderr)
    Path(sent).write_text("\n".join(email for email, _ in contacts), encoding="utf-8")
    print(json.dumps({"of": len(contacts), "sent": len(contacts), "sending_seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
