"""Smart Lists as HubSpot's filters: what is sent, and what comes back is judged by what it means."""

import pytest

from goldpan.lists import SmartList
from sync.destinations.hubspot.filters import NotUnderstoodError, filter_of, in_words, meaning_of

TAGS = "membership_status_tags"


def smart_list(**said):
    return SmartList(name="A list", **said)


def branch(kind, *inside, **more):
    filters = [each for each in inside if "filterType" in each]
    branches = [each for each in inside if "filterType" not in each]
    return {
        "filterBranchType": kind,
        "filterBranchOperator": kind,
        "filters": filters,
        "filterBranches": branches,
    } | more


def choice(operator, *values, name=TAGS, blank=False, **more):
    operation = {"operationType": "ENUMERATION", "operator": operator, "values": list(values)}
    operation |= {"includeObjectsWithNoValueSet": blank} | more
    return {"filterType": "PROPERTY", "property": name, "operation": operation}


def any_type(operator):
    operation = {"operationType": "ALL_PROPERTY", "operator": operator}
    return {"filterType": "PROPERTY", "property": TAGS, "operation": operation}


WANTED = smart_list(any_of=("a", "b"), all_of=("c", "d"), none_of=("e", "f"))
ASKED = (choice("IS_ANY_OF", "a", "b"), choice("CONTAINS_ALL", "c", "d"), choice("IS_NONE_OF", "e", "f"))


def test_a_list_becomes_one_and_branch_inside_the_or_that_hubspot_demands():
    assert filter_of(WANTED, TAGS) == branch("OR", branch("AND", *ASKED))


def test_people_without_tags_are_let_in_only_where_the_list_says_so():
    assert filter_of(smart_list(none_of=("a",), include_blank=True), TAGS) == branch(
        "OR", branch("AND", choice("IS_NONE_OF", "a", blank=True))
    )
    assert filter_of(smart_list(none_of=("a",)), TAGS) == branch("OR", branch("AND", choice("IS_NONE_OF", "a")))


@pytest.mark.parametrize(
    "found",
    [
        filter_of(WANTED, TAGS),
        branch("AND", *ASKED),
        branch("AND", branch("OR", branch("AND", *ASKED[:2])), ASKED[2]),
        branch("OR", branch("AND", *reversed(ASKED)), id="7", extra={"more": [1]}),
        branch("OR", branch("AND", choice("IS_ANY_OF", "b", "a", "a"), choice("CONTAINS_ALL", "d", "c"), ASKED[2])),
        branch(
            "OR",
            branch("AND", choice("IS_ANY_OF", "a"), *ASKED[1:]),
            branch("AND", choice("CONTAINS_ALL", "b"), *ASKED[1:]),
        ),
        branch(
            "OR",
            branch(
                "AND", ASKED[0], choice("IS_ANY_OF", "c"), choice("IS_ANY_OF", "d"), choice("IS_NONE_OF", "e"),
                choice("IS_NONE_OF", "f"),
            ),
        ),
        branch("OR", branch("AND", *ASKED[:2], choice("IS_NONE_OF", "e", "f", blank=True))),
        branch("OR", branch("AND", *ASKED, any_type("IS_KNOWN"))),
        {"filterBranchOperator": "OR", "filterBranches": [{"filterBranchType": "AND", "filters": list(ASKED)}]},
        branch("OR", branch("AND", *ASKED[:2], choice("IS_NONE_OF", "e", "f", includeObjectsWithNoValueSet=None))),
    ],
    ids=["as sent", "no root", "nested", "other order", "other order of values", "two branches", "one value each",
         "people without tags can't be there", "known said apart", "keys left out", "default left out"],
)  # fmt: skip
def test_however_hubspot_writes_the_same_it_is_the_same(found):
    assert meaning_of(found) == meaning_of(filter_of(WANTED, TAGS))


@pytest.mark.parametrize(
    "found",
    [
        branch("OR", branch("AND", *ASKED[1:])),
        branch("OR", branch("AND", *ASKED, choice("IS_ANY_OF", "x"))),
        branch("OR", branch("AND", choice("IS_ANY_OF", "a", "b", "x"), *ASKED[1:])),
        branch("OR", branch("AND", *ASKED), branch("AND", choice("IS_ANY_OF", "x"))),
        branch("OR", branch("AND", ASKED[0], choice("CONTAINS_ALL", "c"), ASKED[2])),
        branch("OR", branch("AND", ASKED[0], choice("IS_ANY_OF", "c", "d"), ASKED[2])),
        branch("OR", branch("AND", *ASKED[:2], choice("DOES_NOT_CONTAIN_ALL", "e", "f"))),
        branch("OR", branch("AND", choice("HAS_EVER_BEEN_ANY_OF", "a", "b"), *ASKED[1:])),
        branch("OR", *(branch("AND", each) for each in ASKED)),
        branch("OR", branch("AND", *(choice(f["operation"]["operator"], *f["operation"]["values"], name="other")
                                     for f in ASKED))),
        branch("OR", branch("AND", *ASKED[1:], choice("IS_ANY_OF", "a", "b", blank=True))),
    ],
    ids=["one less", "one more", "another value", "another way in", "fewer of all", "any for all", "not all for none",
         "the past", "or for and", "another property", "people without tags"],
)  # fmt: skip
def test_what_is_not_the_same_is_different(found):
    assert meaning_of(found) != meaning_of(filter_of(WANTED, TAGS))


def test_people_without_tags_make_a_difference():
    with_them = smart_list(none_of=("a",), include_blank=True)

    assert meaning_of(filter_of(with_them, TAGS)) != meaning_of(filter_of(smart_list(none_of=("a",)), TAGS))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "a nameless branch"),
        (branch("NOT_ANY", *ASKED), "a NOT_ANY branch"),
        (branch("OR", branch("UNIFIED_EVENTS", *ASKED)), "a UNIFIED_EVENTS branch"),
        (branch("OR"), "without conditions"),
        (branch("OR", branch("AND", {"filterType": "FORM_SUBMISSION", "formId": "x"})), "form_submission"),
        (branch("AND", choice("IS_SOMETHING_NEW", "a")), f"{TAGS}: is something new"),
        (branch("AND", choice("IS_ANY_OF", "a", operationType="MULTISTRING")), f"{TAGS}: any of (MULTISTRING)"),
        (branch("AND", choice("IS_ANY_OF")), f"{TAGS}: any of"),
        (branch("AND", {"filterType": "PROPERTY", "property": "email"}), "email: a condition (unknown)"),
        (branch("AND", *(choice("IS_ANY_OF", *"abcdefgh", name=name) for name in "nopq")), "more than 1,000"),
    ],
)
def test_what_goldpan_does_not_know_is_not_guessed(found, said):
    with pytest.raises(NotUnderstoodError) as caught:
        meaning_of(found)

    assert said in str(caught.value)


def test_what_people_typed_into_a_condition_is_not_repeated():
    typed = choice("CONTAINS", "jane@example.org", name="email", operationType="MULTISTRING")

    with pytest.raises(NotUnderstoodError) as caught:
        meaning_of(branch("AND", typed))

    assert "jane" not in str(caught.value) + in_words(branch("AND", typed), TAGS)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (filter_of(WANTED, TAGS), "any of a, b and all of c, d and none of e, f"),
        (branch("OR", branch("AND", ASKED[0]), branch("AND", ASKED[1])), "any of a, b or all of c, d"),
        (branch("AND", branch("OR", ASKED[0], ASKED[1]), ASKED[2]), "none of e, f and (any of a, b or all of c, d)"),
        (branch("AND", choice("IS_NONE_OF", "a", blank=True)), "none of a (or no value at all)"),
        (branch("AND", choice("IS_ANY_OF", "lead", name="lifecyclestage")), "lifecyclestage: any of lead"),
        (branch("AND", choice("HAS_EVER_BEEN_ANY_OF", "a")), "has ever been any of a"),
        (branch("AND", any_type("IS_KNOWN")), "is known"),
        ({}, "no condition"),
    ],
)
def test_a_filter_reads_as_a_sentence(found, words):
    assert in_words(found, TAGS) == words
