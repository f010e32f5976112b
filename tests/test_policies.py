"""`contacts.toml`: whom to create and what becomes of the others, with every mistake told."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from goldpan.policies import ContactPolicies, LeftTag, problems_of_policies
from tests.builders import default_config


def problems(policies: Mapping[str, Any]) -> list[str]:
    config = default_config()
    return [*problems_of_policies(ContactPolicies.model_validate(policies), config.tags, config.contact_columns())]


def test_the_defaults_create_everybody_keep_who_left_and_leave_the_suppressed():
    policies = ContactPolicies()

    assert (policies.create, policies.on_left, policies.on_suppress) == ("all", "keep", "leave")


@pytest.mark.parametrize(
    "policies",
    [
        {},
        {"create": "none"},
        {"create": {"all": [{"column": "days_until_expiration", "at_least": -1095}]}},
        {"on_left": "clear_tags"},
        {"on_left": {"tag": "no_longer_in_export"}},
        {"on_left": {"tag": "left", "label": "Left us"}},
        {"on_suppress": "clear"},
    ],
)
def test_what_makes_sense_is_accepted(policies):
    assert problems(policies) == []


@pytest.mark.parametrize(
    "policies",
    [
        {"create": "some"},
        {"create": {}},
        {"on_left": "delete"},
        {"on_left": {"tag": ""}},
        {"on_left": {"tag": "a;b"}},
        {"on_left": {"tag": "a", "label": "A;B"}},
        {"on_left": {"tag": "a", "colour": "red"}},
        {"on_suppress": "delete"},
        {"suppression_file": ""},
        {"archive": True},
    ],
)
def test_what_nobody_could_carry_out_is_refused(policies):
    with pytest.raises(ValidationError):
        ContactPolicies.model_validate(policies)


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ({"create": {"all": [{"column": "no_such_column", "is_known": True}]}}, "create: "),
        ({"on_left": {"tag": "hfo_buy"}}, "one of tags.toml"),
        ({"on_left": {"tag": "not_hfo_buy"}}, "one of tags.toml"),
        ({"on_left": {"tag": " left"}}, "outer blanks"),
        ({"on_left": {"tag": "left", "label": "hfo buy"}}, "label 'hfo buy'"),
    ],
)
def test_what_contradicts_the_rest_of_the_config_is_told(policies, told):
    assert any(told in problem for problem in problems(policies))


@pytest.mark.parametrize(
    ("tag", "label"), [(LeftTag(tag="no_longer_in_export"), "No Longer In Export"), (LeftTag(tag="x", label="Y"), "Y")]
)
def test_the_option_has_a_label_that_people_can_read(tag, label):
    assert tag.option().label == label
