"""HubSpot may know an address when it writes and not when it reads: nobody is lost by it, and no night repeats it."""

import pytest

from sync.sandbox import reading
from tests.cli.installation import ADA, BEN, MEMBERS, UPSERT, tags_in
from tests.cli.test_run import counted


@pytest.fixture
def primary_addresses_only(monkeypatch):
    """Another legal reading: batch/read finds nobody by an additional address."""
    find = reading.find

    def stricter(portal, unique, keys):
        found = find(portal, unique, keys)
        if unique != "email":
            return found
        return {key: contact for key, contact in found.items() if contact.properties["email"] == key.lower()}

    monkeypatch.setattr(reading, "find", stricter)


@pytest.fixture
def merged_before(goldpan, hub):
    """Ada's record has Ben's address as an additional one before Goldpan knows either."""
    for email in (ADA, BEN):
        assert hub.upsert({"id": email, "idProperty": "email", "properties": {"firstname": "x"}}).status == 200
    assert hub.merge(ADA, BEN).status == 200
    return goldpan


def test_a_contact_that_lands_on_another_ones_record_gives_it_back_and_is_the_same_record_from_then_on(
    merged_before, sandbox, primary_addresses_only
):
    goldpan = merged_before
    goldpan.deliver(members=[row for row in MEMBERS if row["Contact Email"] != BEN])
    goldpan.run()
    goldpan.deliver()  # Ben comes later, on the address that HubSpot knows as Ada's
    goldpan.run()
    settled = goldpan.run()
    upserts = [request.path for request in sandbox.requests].count(UPSERT)

    again = goldpan.run()

    assert sandbox.contacts()[ADA]["customer_name"] == "Ada Lovelace"
    assert counted(settled.json)["same_record"] == 1
    assert counted(again.json) == {"total": 6, "same_record": 1, "unchanged": 4, "unsendable": 1}
    assert [request.path for request in sandbox.requests].count(UPSERT) == upserts
    assert BEN not in tags_in(sandbox)
