"""Reading contacts: every address is found or absent, and only a whole answer says absent."""

import pytest

from goldpan.errors import FatalError, TransientError
from tests.hubspot.stage import READ, Reply, refusing

PROPERTIES = ["membership_status_tags", "customer_id"]


def record(email, *, also="", **properties):
    return {"id": f"id-of-{email}", "properties": {"email": email, "hs_additional_emails": also, **properties}}


def addresses(one):
    return {one["properties"]["email"], *one["properties"]["hs_additional_emails"].split(";")}


def holding(*records):
    """Answers batch/read as HubSpot does: found ones in any order, the others listed as not found."""

    def answer(request):
        asked = set(request.ids)
        results = [one for one in records if addresses(one) & asked]
        missing = sorted(asked.difference(*map(addresses, records)))
        body = {"status": "COMPLETE", "results": results[::-1]}
        if missing:
            said = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "…", "context": {"ids": missing}}
            body |= {"numErrors": 1, "errors": [said]}
        return Reply(207 if missing else 200, body)

    return answer


def read(destination, keys, **settings):
    found, absent = {}, []
    for batch in destination.read_contacts(keys, PROPERTIES, **settings):
        found |= batch.found
        absent += batch.absent
        assert set(batch.asked) == set(batch.found) | set(batch.absent)
    return found, absent


def test_addresses_are_read_a_hundred_at_a_time(hubspot, destination):
    emails = [f"m{number}@example.org" for number in range(250)]
    hubspot.otherwise = holding(*map(record, emails[:120]))

    found, absent = read(destination, emails)

    assert set(found) == set(emails[:120])
    assert sorted(absent) == sorted(emails[120:])
    assert hubspot.paths() == [f"POST {READ}"] * 3
    assert hubspot.requests[0].body["properties"] == ["email", "hs_additional_emails", *PROPERTIES]


def test_an_empty_property_reads_as_an_empty_text(hubspot, destination):
    hubspot.otherwise = holding(record("ada@example.org", membership_status_tags=None))

    found, _ = read(destination, ["ada@example.org"])

    assert found["ada@example.org"].properties == {"membership_status_tags": "", "customer_id": ""}


def test_a_contact_is_found_by_an_additional_address(hubspot, destination):
    hubspot.otherwise = holding(record("ada@example.org", also="old@x.org;older@x.org", customer_id="7"))

    found, absent = read(destination, ["older@x.org", "ada@example.org", "bob@example.org"])

    assert found["older@x.org"] == found["ada@example.org"]
    assert found["older@x.org"].email == "ada@example.org"
    assert absent == ["bob@example.org"]


def test_case_does_not_matter_and_the_asked_spelling_is_the_key(hubspot, destination):
    hubspot.otherwise = holding(record("ada@example.org"))

    found, absent = read(destination, ["Ada@Example.org", "ada@example.org"])

    assert set(found) == {"Ada@Example.org", "ada@example.org"}
    assert absent == []
    assert hubspot.requests[0].ids == ["ada@example.org"]


@pytest.mark.parametrize("by", ["email", "record_id"])
def test_what_an_answer_leaves_out_without_a_word_is_asked_for_again_in_a_batch_of_its_own(hubspot, destination, by):
    keys = [f"m{number}@example.org" for number in range(5)] if by == "email" else ["101", "102", "103", "104", "105"]
    known = [record(key) if by == "email" else {"id": key, "properties": {}} for key in keys]
    hubspot.play(Reply(200, {"status": "COMPLETE", "results": known[:2]}))
    hubspot.play(Reply(200, {"status": "COMPLETE", "results": known[3:4]}))

    found, absent = read(destination, keys, by=by)

    assert (set(found), absent) == ({keys[0], keys[1], keys[3]}, [keys[2], keys[4]])
    assert [request.ids for request in hubspot.requests] == [keys, keys[2:]]


def test_an_answer_that_says_who_is_absent_is_not_asked_for_again(hubspot, destination):
    hubspot.otherwise = holding(record("ada@example.org"))

    assert read(destination, ["ada@example.org", "bob@example.org"])[1] == ["bob@example.org"]
    assert len(hubspot.requests) == 1


def unwell(*keys):
    """Half an answer: HubSpot had trouble of its own with these."""
    said = {"status": "error", "category": "INTERNAL_ERROR", "message": "oops", "context": {"ids": list(keys)}}
    return Reply(207, {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [said]})


@pytest.mark.parametrize(("by", "keys"), [("email", ["ada@example.org"]), ("record_id", ["101"])])
def test_trouble_of_hubspots_own_with_a_contact_is_no_absence(hubspot, destination, by, keys):
    found = {"id": "101", "properties": {"email": "ada@example.org"}}
    hubspot.play(unwell(*keys), Reply(200, {"status": "COMPLETE", "results": [found]}))

    assert list(read(destination, keys, by=by)[0]) == keys

    hubspot.otherwise = lambda _: unwell(*keys)
    with pytest.raises(TransientError, match="could not read 1 contacts"):
        read(destination, keys, by=by)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"status": "COMPLETE", "results": None}),
        Reply(200, {"status": "COMPLETE"}),
        Reply(200, {"status": "PENDING", "results": []}),
        Reply(200, b'{"status": "COMPLETE", "results": ['),
        Reply(200, {"status": "COMPLETE", "results": [record("ada@example.org")]}, keep=30, says_length=False),
        Reply(503),
    ],
)
def test_an_answer_that_is_not_whole_is_asked_for_again(hubspot, destination, reply):
    hubspot.play(reply)
    hubspot.otherwise = holding(record("ada@example.org"))

    found, absent = read(destination, ["ada@example.org"])

    assert set(found) == {"ada@example.org"}
    assert absent == []
    assert len(hubspot.requests) == 2


def test_an_answer_that_is_never_whole_is_an_error_not_an_absence(hubspot, destination):
    hubspot.otherwise = lambda _: Reply(200, {"status": "COMPLETE", "results": None})

    with pytest.raises(TransientError):
        read(destination, ["ada@example.org"])


def test_a_contact_that_shows_another_address_is_found_by_asking_alone(hubspot, destination):
    def answer(request):
        if request.ids == ["bob@example.org"]:
            return Reply(200, {"status": "COMPLETE", "results": []})
        return Reply(200, {"status": "COMPLETE", "results": [record("merged@example.org")]})

    hubspot.otherwise = answer

    found, absent = read(destination, ["ada@example.org", "bob@example.org"])

    assert found["ada@example.org"].email == "merged@example.org"
    assert absent == ["bob@example.org"]
    assert len(hubspot.requests) == 3


def test_one_address_that_hubspot_refuses_does_not_stop_the_reading(hubspot, destination):
    known = holding(record("m1@example.org"))
    refused = refusing("bad@example.org")
    hubspot.otherwise = lambda request: refused(request) if "bad@example.org" in request.ids else known(request)

    found, absent = read(destination, ["m1@example.org", "bad@example.org", "m2@example.org"])

    assert set(found) == {"m1@example.org"}
    assert absent == ["bad@example.org", "m2@example.org"]


def test_reading_that_is_always_refused_is_an_error_not_an_absence(hubspot, destination):
    hubspot.otherwise = lambda _: Reply(400, {"category": "VALIDATION_ERROR", "message": "nothing goes"})

    with pytest.raises(FatalError, match="nothing goes"):
        read(destination, [f"m{number}@example.org" for number in range(100)])

    assert len(hubspot.requests) <= 50


def test_a_record_id_that_hubspot_refuses_to_read_is_an_error_not_an_absence(hubspot, destination):
    hubspot.otherwise = lambda _: Reply(400, {"category": "VALIDATION_ERROR", "message": "nothing goes"})

    with pytest.raises(FatalError, match="nothing goes"):
        read(destination, ["101", "102"], by="record_id")


@pytest.mark.parametrize("gone", [{"105", "107"}, {str(number) for number in range(180, 202)}])
def test_a_404_for_a_whole_batch_is_about_the_record_ids_that_are_not_there(hubspot, open_destination, gone):
    def answer(request):
        if gone & set(request.ids):
            return Reply(404, {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "not found"})
        return Reply(200, {"status": "COMPLETE", "results": [{"id": key, "properties": {}} for key in request.ids]})

    hubspot.otherwise = answer

    ids = [str(number) for number in range(100, 202)]
    found, absent = read(open_destination(workers=1), ids, by="record_id")

    assert set(absent) == gone
    assert len(found) + len(absent) == 102


def test_what_cannot_be_a_record_id_never_leaves_and_is_absent(hubspot, destination):
    hubspot.play(Reply(200, {"status": "COMPLETE", "results": [{"id": "101", "properties": {}}]}))

    found, absent = read(destination, ["ada@example.org", "101", ""], by="record_id")

    assert (list(found), absent) == (["101"], ["ada@example.org", ""])
    assert "idProperty" not in hubspot.requests[0].body
    assert hubspot.requests[0].ids == ["101"]
    assert hubspot.requests[0].body["properties"] == ["email", "hs_additional_emails", *PROPERTIES]
    assert read(destination, ["x"], by="record_id") == ({}, ["x"])
    assert len(hubspot.requests) == 1


def test_each_batch_is_told(hubspot, destination):
    hubspot.otherwise = holding()
    told = []

    read(destination, [f"m{number}@example.org" for number in range(250)], on_batch=told.append)

    assert sorted(len(batch.asked) for batch in told) == [50, 100, 100]


def test_nothing_to_read_sends_nothing(hubspot, destination):
    assert read(destination, []) == ({}, [])
    assert hubspot.requests == []
