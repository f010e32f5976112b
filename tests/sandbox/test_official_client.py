"""The official client gets along with the sandbox as it does with HubSpot."""

from datetime import datetime

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import ApiException
from hubspot.crm.properties import ApiException as PropertiesApiException

from sync.sandbox import TOKEN, Fault
from tests.sandbox.hub import TAGS, one

TIMES_OUT = (10, 30)


@pytest.fixture
def client(sandbox):
    return HubSpot(access_token=TOKEN, host=sandbox.url, base_url=sandbox.url)


def closing(api):
    api.api_client.rest_client.pool_manager.clear()
    api.api_client.close()


@pytest.fixture
def batches(client):
    api = client.crm.contacts.batch_api
    yield api
    closing(api)


@pytest.fixture
def core(client):
    api = client.crm.properties.core_api
    yield api
    closing(api)


@pytest.fixture
def groups(client):
    api = client.crm.properties.groups_api
    yield api
    closing(api)


def upsert(api, *inputs):
    return api.upsert_with_http_info(
        batch_input_simple_public_object_batch_input_upsert={"inputs": list(inputs)}, _request_timeout=TIMES_OUT
    )


def test_an_upsert_gives_results_with_trace_ids_and_times(batches):
    data, status, headers = upsert(batches, one("ada@example.org", "row-1", firstname="Ada"))

    assert status == 200
    result = data.results[0]
    assert (result.new, result.object_write_trace_id) == (True, "row-1")
    assert isinstance(result.created_at, datetime)
    assert result.created_at.tzinfo is not None
    assert "X-HubSpot-RateLimit-Interval-Milliseconds" in headers


def test_a_207_raises_nothing_and_carries_its_errors(batches):
    data, status, _ = upsert(batches, one("ada@example.org", "1"), one("not-an-address", "2"))

    assert (status, data.num_errors) == (207, 1)
    assert data.errors[0].category == "VALIDATION_ERROR"
    assert data.errors[0].context == {"objectWriteTraceId": ["2"]}
    assert [result.object_write_trace_id for result in data.results] == ["1"]


def test_errors_without_context_can_be_read(batches, sandbox):
    sandbox.faults.replace([Fault("strip_context")])

    data, status, _ = upsert(batches, one("ada@example.org", "1"), one("not-an-address", "2"))

    assert (status, data.errors[0].context) == (207, None)


@pytest.mark.parametrize(
    ("inputs", "status", "words"),
    [
        ([one("not-an-address")], 400, "INVALID_EMAIL"),
        ([one("ada@example.org", shoe_size="38")], 400, "PROPERTY_DOESNT_EXIST"),
        ([one("ada@example.org"), one("ADA@example.org")], 400, "Duplicate IDs"),
        ([one("marked@example.org")], 409, "CONFLICT"),
    ],
)
def test_a_refused_batch_raises_with_hubspots_body(batches, sandbox, inputs, status, words):
    sandbox.settings.conflicts = frozenset({"marked@example.org"})

    with pytest.raises(ApiException) as raised:
        upsert(batches, *inputs)

    assert raised.value.status == status
    assert words in raised.value.body


def test_a_read_gives_what_is_there_and_names_what_is_not(batches):
    upsert(batches, one("ada@example.org", firstname="Ada"))

    data, status, _ = batches.read_with_http_info(
        batch_read_input_simple_public_object_id={
            "idProperty": "email",
            "properties": ["email", "firstname", "hs_additional_emails"],
            "propertiesWithHistory": [],
            "inputs": [{"id": "ada@example.org"}, {"id": "eve@example.org"}],
        },
        _request_timeout=TIMES_OUT,
    )

    assert (status, data.num_errors) == (207, 1)
    assert data.errors[0].context == {"ids": ["eve@example.org"]}
    assert data.results[0].properties["firstname"] == "Ada"
    assert data.results[0].properties["hs_additional_emails"] is None


def test_properties_and_groups_are_made_read_and_changed(core, groups):
    group = groups.create("contacts", property_group_create={"name": "shoes", "label": "Shoes"})
    made = core.create(
        "contacts",
        property_create={
            "name": "shoe_colours",
            "label": "Shoe Colours",
            "groupName": group.name,
            "type": "enumeration",
            "fieldType": "checkbox",
            "options": [{"label": "Red", "value": "red", "hidden": False, "displayOrder": 0}],
        },
    )
    changed = core.update(
        "contacts",
        made.name,
        property_update={"options": [{"label": "Blue", "value": "blue", "hidden": False, "displayOrder": 0}]},
    )

    assert [option.value for option in changed.options] == ["blue"]
    assert core.get_by_name("contacts", TAGS).field_type == "checkbox"
    assert groups.get_by_name("contacts", "shoes").label == "Shoes"
    with pytest.raises(PropertiesApiException) as raised:
        core.get_by_name("contacts", "shoe_size")
    assert raised.value.status == 404


def test_the_account_can_be_asked_for_before_anything_is_written(client, sandbox):
    answer = client.api_request({"method": "GET", "path": "/account-info/v3/details"})

    assert answer.json()["portalId"] == sandbox.portal_id
