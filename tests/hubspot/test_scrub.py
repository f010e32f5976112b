"""HubSpot's messages leave without addresses, tokens and option lists."""

import json
import string

from hypothesis import given
from hypothesis import strategies as st

from sync.destinations.hubspot.scrub import scrub
from tests.hubspot.stage import field_error


def test_an_address_keeps_its_first_letter_and_domain():
    assert scrub("Contact jane.doe+x@example.org exists") == "Contact j***@example.org exists"


@given(name=st.text(string.ascii_lowercase + ".+_-", min_size=2), before=st.sampled_from(["", " ", '"', "[", "<", ":"]))
def test_no_local_part_survives(name, before):
    assert f"{name}@" not in scrub(f"Email{before}{name}@example.org{before} is wrong")


def test_an_encoded_address_is_masked_too():
    assert "jane" not in scrub("GET /contacts/jane%40example.org")


def test_a_token_is_masked():
    assert scrub("The key pat-xx1-abc-def is expired") == "The key pat-*** is expired"


def test_the_list_inside_a_message_becomes_sentences():
    message = field_error("INVALID_EMAIL", name="email", message="Email address x@y is invalid")

    assert scrub(message) == "email: Email address x***@y is invalid"


def test_the_allowed_options_are_left_out():
    options = ", ".join(f'label: \\"Tag {number}\\"' for number in range(2000))
    message = field_error("INVALID_OPTION", message=f"gone was not one of the allowed options: [{options}]")

    assert scrub(message) == "membership_status_tags: gone was not one of the allowed options: …"


def test_a_cut_off_list_is_still_scrubbed():
    whole = field_error("INVALID_OPTION", message="gone was not one of the allowed options: [a, b, jane@example.org]")

    cut = scrub(whole[:-40])

    assert "allowed options: …" in cut
    assert "jane@" not in cut


@given(st.text(max_size=2000))
def test_any_message_is_short_and_one_line(message):
    scrubbed = scrub(message)

    assert len(scrubbed) <= 300
    assert "\n" not in scrubbed


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_any_list_inside_a_message_is_survived(value):
    scrub(f"were not valid: [{{}}, {json.dumps(value)}]")
