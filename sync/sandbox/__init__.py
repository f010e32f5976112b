"""A HubSpot stand-in: what ``goldpan demo``, ``goldpan sandbox`` and the tests run against.

A real HTTP server on loopback that behaves as HubSpot is known to and, where that is unknown, in the way that is harder
on the caller. Which reading was chosen stands at the top of the module concerned:

- ``batches``: what sinks a batch and what sinks one record. ``writing``: null, identical values, addresses.
- ``values``: formats. ``reading``: what comes back. ``records``: single contacts, merge, removal.
- ``properties``: properties, groups, options. ``access``: tokens, scopes, limits.
- ``faults``: what can be made to go wrong. ``admin``: the page and the test surface.
"""

from sync.sandbox.access import ALL_SCOPES, TOKEN
from sync.sandbox.faults import Fault
from sync.sandbox.server import Sandbox

__all__ = ["ALL_SCOPES", "TOKEN", "Fault", "Sandbox"]
