"""A small HubSpot caller for the tests: plain HTTP, nothing clever, so that every answer is seen as it is."""

import json
from urllib.parse import urlencode

import urllib3

from sync.sandbox import TOKEN

CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
TAGS = "membership_status_tags"


class Hub:
    """One caller with one token."""

    def __init__(self, url, token=TOKEN):
        self.url = url
        self.token = token
        self.pool = urllib3.PoolManager(maxsize=16, block=True)

    def call(self, method, path, body=None, **query):
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        where = f"{self.url}{path}?{urlencode(query)}" if query else self.url + path
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.pool.request(method, where, body=raw, headers=headers, retries=False, redirect=False, timeout=30)

    def batch(self, verb, *inputs, **more):
        return self.call("POST", f"{CONTACTS}/batch/{verb}", {"inputs": list(inputs), **more})

    def upsert(self, *inputs):
        return self.batch("upsert", *inputs)

    def read(self, *addresses, properties=(), **more):
        wanted = [{"id": address} for address in addresses]
        return self.batch("read", *wanted, properties=list(properties), **{"idProperty": "email", **more})

    def values(self, address, *names):
        """What one contact holds, by API."""
        answer = self.read(address, properties=names)
        assert answer.status == 200, answer.data
        properties = answer.json()["results"][0]["properties"]
        return {name: properties[name] for name in names}

    def id_of(self, address):
        return self.read(address).json()["results"][0]["id"]

    def make_property(self, name, kind, field_type, **more):
        body = {"name": name, "label": name, "type": kind, "fieldType": field_type, "groupName": "membership", **more}
        return self.call("POST", PROPERTIES, body)

    def merge(self, primary, other):
        body = {"primaryObjectId": self.id_of(primary), "objectIdToMerge": self.id_of(other)}
        return self.call("POST", f"{CONTACTS}/merge", body)


def options(*values):
    return [
        {"label": value.title(), "value": value, "hidden": False, "displayOrder": place}
        for place, value in enumerate(values)
    ]


def one(address, trace=None, /, **properties):
    """One input of an upsert by e-mail."""
    item = {"id": address, "idProperty": "email", "properties": properties}
    return item if trace is None else {**item, "objectWriteTraceId": trace}


def traces(entries):
    """The trace ids of ``errors[]``."""
    return {trace for entry in entries for trace in entry["context"]["objectWriteTraceId"]}


def details(answer):
    """The JSON array inside the message of a validation error."""
    return json.loads(answer.json()["message"].removeprefix("Property values were not valid: "))
