"""Reading and writing contacts that HubSpot doesn't have, at its pace."""

from argparse import Namespace
from pathlib import Path

from bench.cases import Work
from bench.sending import new_contacts


def new(_data: Path, url: str, contacts: str, limit: str, latency: str) -> Work:
    """So many new contacts against the sandbox at this address; the count ``seconds`` is of reading and writing."""
    arguments = Namespace(contacts=int(contacts), limit=int(limit), latency=float(latency))
    return lambda: new_contacts(url, arguments), lambda measured: measured.figures
