"""Smart Lists as HubSpot's filters, both ways and pure: what is sent, what a filter means, and how it reads in words.

How HubSpot rewrites a filter before it gives it back is unknown, so two filters are compared by what they mean: the
alternatives, each a set of plain facts about one contact. Shapes and operators: HubSpot's guide to segment filters,
developers.hubspot.com, read 2026-11-20.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import product

from goldpan.lists import SmartList
from sync.destinations.hubspot.answers import Json, objects, text

Fact = tuple[str, str, str]
"""Property, kind and value: ``(tags, has, active)``, ``(tags, lacks, active)``, ``(tags, filled, "")`` …"""

Meaning = frozenset[frozenset[Fact]]
"""A contact is on the list if all facts of at least one alternative hold."""

MOST_ALTERNATIVES = 1_000  # a filter that multiplies out to more was not made by Goldpan
OPERATORS = {
    "IS_ANY_OF": "any of",
    "CONTAINS_ALL": "all of",
    "IS_NONE_OF": "none of",
    "IS_EXACTLY": "exactly",
    "IS_NOT_EXACTLY": "not exactly",
    "DOES_NOT_CONTAIN_ALL": "not all of",
    "HAS_EVER_BEEN_ANY_OF": "has ever been any of",
    "HAS_NEVER_BEEN_ANY_OF": "has never been any of",
    "HAS_EVER_BEEN_EXACTLY": "has ever been exactly",
    "HAS_NEVER_BEEN_EXACTLY": "has never been exactly",
    "HAS_EVER_CONTAINED_ALL": "has ever contained all of",
    "HAS_NEVER_CONTAINED_ALL": "has never contained all of",
}
KNOWN, UNKNOWN = ("IS_KNOWN",), ("IS_UNKNOWN", "IS_NOT_KNOWN")


class NotUnderstoodError(Exception):
    """A filter has a condition that Goldpan can't judge; the text says which, without its values."""


def filter_of(smart_list: SmartList, tags: str) -> Json:
    """The filter that makes this list; never one that looks at the past (``HAS_EVER_*``).

    Args:
        smart_list: The list.
        tags: The name of the tag property.
    """
    asked = (
        ("IS_ANY_OF", smart_list.any_of, False),
        ("CONTAINS_ALL", smart_list.all_of, False),
        ("IS_NONE_OF", smart_list.none_of, smart_list.include_blank),
    )
    filters = [_condition(tags, operator, values, blank) for operator, values, blank in asked if values]
    return _branch("OR", branches=[_branch("AND", filters=filters)])  # the root has to be OR, with an AND inside


def meaning_of(branch: Json) -> Meaning:
    """What a filter means, however it is nested.

    Raises:
        NotUnderstoodError: It has a condition whose meaning is unknown here.
    """
    return frozenset(map(_tidy, _alternatives(branch)))


def in_words(branch: Json, tags: str) -> str:
    """A filter as a person would say it; conditions that Goldpan doesn't know are named without their values."""
    parts = [_filter_in_words(each, tags) for each in objects(branch.get("filters"))]
    for inner in objects(branch.get("filterBranches")):
        words = in_words(inner, tags)
        parts.append(f"({words})" if " or " in words and _kind(branch) == "AND" else words)
    return (" or " if _kind(branch) == "OR" else " and ").join(parts) or "no condition"


def _branch(kind: str, *, filters: Iterable[Json] = (), branches: Iterable[Json] = ()) -> Json:
    return {
        "filterBranchType": kind,
        "filterBranchOperator": kind,
        "filters": list(filters),
        "filterBranches": list(branches),
    }


def _condition(tags: str, operator: str, values: Iterable[str], blank: bool) -> Json:
    operation = {
        "operationType": "ENUMERATION",
        "operator": operator,
        "values": list(dict.fromkeys(values)),
        "includeObjectsWithNoValueSet": blank,
    }
    return {"filterType": "PROPERTY", "property": tags, "operation": operation}


def _kind(branch: Json) -> str:
    return text(branch.get("filterBranchType") or branch.get("filterBranchOperator"))


def _alternatives(branch: Json) -> Meaning:
    kind = _kind(branch)
    if kind not in ("OR", "AND"):
        raise NotUnderstoodError(f"a {kind or 'nameless'} branch")
    parts = [_alternatives_of_filter(each) for each in objects(branch.get("filters"))]
    parts += [_alternatives(inner) for inner in objects(branch.get("filterBranches"))]
    if not parts:
        raise NotUnderstoodError("a branch without conditions")
    return frozenset[frozenset[Fact]]().union(*parts) if kind == "OR" else reduce(_both, parts)


def _both(one: Meaning, other: Meaning) -> Meaning:
    if len(one) * len(other) > MOST_ALTERNATIVES:
        raise NotUnderstoodError(f"more than {MOST_ALTERNATIVES:,} alternatives")
    return frozenset(left | right for left, right in product(one, other))


def _alternatives_of_filter(condition: Json) -> Meaning:
    name, operation = text(condition.get("property")), _operation(condition)
    operator, values = text(operation.get("operator")), _values(operation)
    known = (text(condition.get("filterType")), text(operation.get("operationType")))
    if known == ("PROPERTY", "ALL_PROPERTY") and operator in KNOWN:
        return _one((name, "filled", ""))
    if known == ("PROPERTY", "ALL_PROPERTY") and operator in UNKNOWN:
        return _one((name, "blank", ""))
    if known != ("PROPERTY", "ENUMERATION") or operator not in OPERATORS or not values:
        raise NotUnderstoodError(_filter_in_words(condition, ""))
    takes_blank = text(operation.get("includeObjectsWithNoValueSet")) == "true"
    if operator == "IS_NONE_OF":
        filled = [] if takes_blank else [(name, "filled", "")]
        return _one(*((name, "lacks", value) for value in values), *filled)
    if operator == "IS_ANY_OF":
        found = frozenset(frozenset({(name, "has", value)}) for value in values)
    elif operator == "CONTAINS_ALL":
        found = _one(*((name, "has", value) for value in values))
    else:
        found = _one((name, operator, ";".join(sorted(values))))
    return found | _one((name, "blank", "")) if takes_blank else found


def _one(*facts: Fact) -> Meaning:
    return frozenset({frozenset(facts)})


def _tidy(facts: frozenset[Fact]) -> frozenset[Fact]:
    """Without what goes without saying: a property that has a certain value is filled."""
    with_values = {name for name, kind, _ in facts if kind == "has"}
    return frozenset(fact for fact in facts if fact[1] != "filled" or fact[0] not in with_values)


def _operation(condition: Json) -> Json:
    operation = condition.get("operation")
    return operation if isinstance(operation, dict) else {}


def _values(operation: Json) -> list[str]:
    values = operation.get("values")
    return list(dict.fromkeys(map(text, values))) if isinstance(values, list) else []


def _filter_in_words(condition: Json, tags: str) -> str:
    return " ".join(_words(condition, tags))


def _words(condition: Json, tags: str) -> Iterator[str]:
    """Only the values of choices are told: in other conditions they may be people's."""
    name, operation = text(condition.get("property")), _operation(condition)
    operator, kind = text(operation.get("operator")), text(operation.get("operationType"))
    if name != tags or not name:
        yield f"{name or text(condition.get('filterType')).lower() or 'something'}:"
    yield OPERATORS.get(operator, operator.lower().replace("_", " ")) or "a condition"
    if kind == "ENUMERATION":
        yield ", ".join(_values(operation))
        if text(operation.get("includeObjectsWithNoValueSet")) == "true":
            yield "(or no value at all)"
    elif kind != "ALL_PROPERTY":
        yield f"({kind or 'unknown'})"
