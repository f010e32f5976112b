"""What is not HubSpot's: the page at ``/`` and, for tests in other processes, the surface under ``/sandbox/``.

- ``GET /``, ``GET /?q=text``: the page; ``GET /.json`` or ``?format=json``: the same as JSON.
- ``GET /sandbox/stats``: requests by endpoint and status, peak burst, contacts.
- ``GET /sandbox/faults``: the fault script with its counts; ``POST``: another one, a list of faults (``faults.py``).
- ``GET /sandbox/settings``; ``POST``: any of ``latency_seconds``, ``partial_upsert_blanks``, ``conflicts``,
  ``burst_limit``, ``daily_limit``, ``merged_ids``, ``missing_sinks_updates``.
- ``POST /sandbox/reset``: an empty portal, no faults, no log.

These need no token and do not count. They answer only when asked for by a loopback name, and nothing that another web
page sends, so that no site in the same browser can read or change them.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, get_args

from sync.sandbox.access import Limits
from sync.sandbox.answers import Answer, Json, Request
from sync.sandbox.faults import Fault, FaultScript
from sync.sandbox.log import RequestLog
from sync.sandbox.page import page, snapshot
from sync.sandbox.portal import MergedIds, Portal

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Admin:
    """The sandbox's own pages."""

    def __init__(self, portal: Portal, limits: Limits, faults: FaultScript, log: RequestLog) -> None:
        self._portal = portal
        self._limits = limits
        self._faults = faults
        self._log = log
        self._handlers: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/"): self._page,
            ("GET", "/.json"): self._json,
            ("GET", "/sandbox/stats"): self._stats,
            ("GET", "/sandbox/faults"): self._show_faults,
            ("POST", "/sandbox/faults"): self._set_faults,
            ("GET", "/sandbox/settings"): self._show_settings,
            ("POST", "/sandbox/settings"): self._set_settings,
            ("POST", "/sandbox/reset"): self._reset,
        }

    def is_for(self, request: Request) -> bool:
        """Whether this request is not meant for HubSpot's API."""
        return request.path in {"/", "/.json"} or request.path.startswith("/sandbox/")

    def respond(self, request: Request) -> Answer:
        """The answer to one request."""
        host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
        if host not in LOOPBACK or "origin" in request.headers:
            return Answer(403, {"message": "Open this page by its loopback address."})
        handler = self._handlers.get((request.method, request.path))
        if handler is None:
            return Answer(404, {"message": "No such page."})
        try:
            return handler(request)
        except (ValueError, TypeError) as error:
            return Answer(400, {"message": str(error)})

    def _page(self, request: Request) -> Answer:
        if request.query.get("format") == ["json"]:
            return self._json(request)
        search = _search(request)
        answer = Answer(200, page(snapshot(self._portal, search), search))
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        return answer

    def _json(self, request: Request) -> Answer:
        return Answer(200, snapshot(self._portal, _search(request)))

    def _stats(self, _request: Request) -> Answer:
        entries = self._log.entries()
        by_endpoint = Counter(f"{entry.method} {entry.path}" for entry in entries)
        by_status = Counter(str(entry.status) for entry in entries)
        with self._portal.transaction():
            contacts = len(self._portal.contacts.all())
        return Answer(
            200,
            {
                "contacts": contacts,
                "requests": len(entries),
                "by_endpoint": dict(by_endpoint),
                "by_status": dict(by_status),
                "inputs": sum(entry.inputs for entry in entries),
                "peak_burst": self._log.peak_burst(),
            },
        )

    def _show_faults(self, _request: Request) -> Answer:
        return Answer(200, {"faults": self._faults.to_json()})

    def _set_faults(self, request: Request) -> Answer:
        wanted = json.loads(request.body)
        if not isinstance(wanted, list):
            raise TypeError("faults are a list of objects")
        self._faults.replace([Fault.from_json(fault) for fault in wanted])
        return self._show_faults(request)

    def _show_settings(self, _request: Request) -> Answer:
        settings = self._portal.settings
        body: Json = {
            "latency_seconds": settings.latency_seconds,
            "partial_upsert_blanks": settings.partial_upsert_blanks,
            "conflicts": sorted(settings.conflicts),
            "burst_limit": self._limits.burst,
            "daily_limit": self._limits.daily,
            "merged_ids": settings.merged_ids,
            "missing_sinks_updates": settings.missing_sinks_updates,
        }
        return Answer(200, body)

    def _set_settings(self, request: Request) -> Answer:
        wanted = json.loads(request.body)
        if not isinstance(wanted, dict):
            raise TypeError("settings are an object")
        settings = self._portal.settings
        setters: dict[str, Callable[[Any], None]] = {
            "latency_seconds": lambda value: setattr(settings, "latency_seconds", float(value)),
            "partial_upsert_blanks": lambda value: setattr(settings, "partial_upsert_blanks", bool(value)),
            "conflicts": lambda value: setattr(settings, "conflicts", frozenset(map(str.lower, value))),
            "burst_limit": lambda value: setattr(self._limits, "burst", int(value)),
            "daily_limit": lambda value: setattr(self._limits, "daily", int(value)),
            "merged_ids": lambda value: setattr(settings, "merged_ids", _one_of(value, *get_args(MergedIds))),
            "missing_sinks_updates": lambda value: setattr(settings, "missing_sinks_updates", bool(value)),
        }
        unknown = sorted(wanted.keys() - setters.keys())
        if unknown:
            raise ValueError(f"no such setting: {', '.join(unknown)}")
        for name, value in wanted.items():
            setters[name](value)
        return self._show_settings(request)

    def _reset(self, _request: Request) -> Answer:
        self._portal.reset()
        self._faults.replace(())
        self._log.clear()
        return Answer(204)


def _one_of(value: object, *accepted: str) -> object:
    if value not in accepted:
        raise ValueError(f"{value!r} is none of {', '.join(accepted)}")
    return value


def _search(request: Request) -> str:
    return request.query.get("q", [""])[-1]
